"""Clients that attack the server lose their own socket, and harm no other."""

import signal
import struct
import threading

import psutil
import pytest

from tests.eventually import DEADLINE

from .browsers import Browser
from .conftest import unexpected_tracebacks
from .raw import RawSocket
from .serving import ServerProcess


def close_code_after(raw):
    """Read up to the close frame; return its code, and how many frames came before it."""
    count = 0
    while True:
        opcode, payload = raw.receive()
        if opcode == 8:
            return struct.unpack("!H", payload[:2])[0], count
        count += 1


@pytest.mark.parametrize(
    ("opcode", "final"), [(9, True), (10, True), (0, False)], ids=["ping", "pong", "fragment"]
)
def test_flood_of_frames_is_closed(server, browser, channel, opcode, final):
    """Frames that are no messages count towards the rate limit, which closes the socket with
    1008."""
    page = browser.page(f"/on/{channel}")
    with RawSocket(server, browser, page) as raw, browser.open(page) as other:
        if opcode == 0:
            raw.send(1, b"", final=False)
        raw.send_many_aside(opcode, b"", 20_000, final=final)

        code, pongs = close_code_after(raw)
        other.settle()

        assert code == 1008
        assert pongs < 1000


def test_flood_without_a_limit_leaves_turns_to_the_others(settings, channel):
    """A client that sends faster than the server reads does not keep it from serving others."""
    with ServerProcess("gevent", **settings("memory", MAX_MESSAGES_PER_SECOND=None)) as server:
        browser = Browser(server.url)
        page = browser.page(f"/on/{channel}")
        with RawSocket(server, browser, page) as raw, browser.open(page) as other:
            done = threading.Event()
            flood = threading.Thread(target=send_until, args=(raw, done))
            flood.start()
            for _ in range(10):
                other.settle()
                browser.post(f"/push/{channel}", json="still")
            heard = other.payloads(10)
            done.set()
            flood.join(DEADLINE)

        assert heard == ["still"] * 10
        assert unexpected_tracebacks(server.log()) == []


def test_large_messages_wait_in_little_memory(settings, channel):
    """Large messages that wait for the first to be handled are few, and are kept as text: parsed,
    each takes twenty times as much memory."""
    items = "[]," * 80_000
    message = f'{{"id": 1, "action": "sleep", "seconds": 1, "items": [{items}0]}}'.encode()
    with ServerProcess("gevent", **settings("memory")) as server:
        browser = Browser(server.url)
        page = browser.page(f"/on/{channel}")
        process = psutil.Process(browser.get("/health").json()["pid"])
        before = process.memory_info().rss
        with RawSocket(server, browser, page) as one, RawSocket(server, browser, page) as other:
            for raw in (one, other):
                raw.send_many_aside(1, message, 32)
            for raw in (one, other):
                raw.receive()
            grown = process.memory_info().rss - before
            server.stop(signal.SIGKILL)

        # All of them, parsed, would take 370 MB.
        assert grown < 150_000_000


def send_until(raw, done):
    pongs = raw.frame(10, b"") * 20_000
    while not done.is_set():
        raw.write(pongs)
