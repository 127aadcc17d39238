"""Sockets that mean to fill the server's memory: each gets its share, and no more."""

import json
import signal
import threading

import psutil
import pytest

from tests.deflate import deflated
from tests.integration.browsers import Browser
from tests.integration.raw import RawSocket
from tests.integration.serving import ServerProcess

from .conftest import APPS

COUNT = 64
# What a socket may hold by every way there is.
SHARE = 2_000_000
# What the messages that are handled, and the replies that are sent, may take together beside it.
COMMON = 64 * 1024 * 1024

WAIT = b'{"id": "1", "action": "wait"}'
# Bytes that become as much text as a message may have, and much more when they are parsed.
LISTS = b'{"id": "1", "action": "nothing", "data": [' + b"[]," * 80_000 + b"0]}"
WIDE = json.dumps({"id": "1", "action": "nothing", "data": "\U0001f600" + "x" * 250_000})


@pytest.fixture(params=["gevent", "gthread"])
def siege(request, settings, channel):
    """Sockets of one server, and what they have cost it."""
    options = ("--threads", "100") if request.param == "gthread" else ()
    environ = settings("memory", MAX_CONNECTIONS_PER_SESSION=100)
    with ServerProcess(
        request.param, "siege:app", folder=APPS, options=options, **environ
    ) as server:
        siege = Siege(server, channel)
        yield siege
        server.stop(signal.SIGKILL)
        siege.close()


class Siege:
    """So many sockets of a page each, which read nothing by themselves."""

    def __init__(self, server, channel):
        self._server = server
        self._browser = Browser(server.url)
        self._channel = channel
        self._sockets = []
        self._process = psutil.Process(int(self._browser.get("/pid").text))
        # Memory that a process has had once it often keeps: that of ordinary sockets is not ours.
        for socket in self.open():
            socket.send(1, b'{"id": "1", "action": "nothing"}')
            socket.receive()
        self.close()
        self._before = self._process.memory_info().rss

    def channel(self, number):
        return f"{self._channel}-{number}"

    def open(self, deflate=False):
        pages = [self._browser.page(f"/on/{self.channel(at)}") for at in range(COUNT)]
        self._sockets = [
            RawSocket(self._server, self._browser, page, deflate=deflate, receive_buffer=4096)
            for page in pages
        ]
        return self._sockets

    def close(self):
        while self._sockets:
            self._sockets.pop().__exit__()

    def share(self):
        """The most that a socket has cost in a while, in bytes, without what all have in common."""
        pause, most = threading.Event(), 0
        for number in range(30):
            most = max(most, self._process.memory_info().rss)
            if number % 10 == 0:
                # Whoever asks for a page meanwhile gets it, after seconds of hard work.
                self._browser.get("/pid")
            pause.wait(0.05)
        return (most - self._before - COMMON) / COUNT


@pytest.mark.parametrize("text", [LISTS, WIDE.encode()], ids=["parsed", "wide"])
def test_messages_that_wait_take_no_more_than_a_sockets_share(siege, text):
    """Behind a handler that takes its time, a peer sends the largest messages that there are."""
    sockets = siege.open()
    for socket in sockets:
        socket.send(1, WAIT)
        socket.send_many_aside(1, text, 24)

    assert siege.share() < SHARE


def test_bombs_take_no_more_than_a_sockets_share(siege):
    """400 bytes that become 240 KB of text and megabytes of lists, from all sockets at once."""
    sockets = siege.open(deflate=True)
    bomb = deflated(LISTS)
    for socket in sockets:
        socket.send_many_aside(1, bomb, 12, reserved=0x40)

    assert siege.share() < SHARE


def test_bombs_in_fragments_take_no_more_than_a_sockets_share(siege):
    """16 KB that would become 16 MB are not inflated, whatever frames they come in."""
    sockets = siege.open(deflate=True)
    bomb = deflated(b"x" * 16_000_000)
    for socket in sockets:
        socket.send_aside(1, bomb, final=False, reserved=0x40)

    assert siege.share() < SHARE
