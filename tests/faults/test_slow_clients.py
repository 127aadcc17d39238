"""Clients that read slowly, vanish without a word, or come back before that was noticed."""

import itertools
import json
import socket

import pytest

from tests.eventually import DEADLINE, eventually
from tests.integration.browsers import Browser
from tests.integration.conftest import channel, settings, unexpected_tracebacks  # noqa: F401
from tests.integration.serving import ServerProcess

from .tunnel import Tunnel

# A peer that has been silent for twice as long is taken for dead.
INTERVAL_SECONDS = 1
LARGE = "x" * 200_000
CUT_OFF = "which reads too slowly"


KINDS = [("gevent", "redis"), ("gthread", "memory")]


@pytest.fixture(params=KINDS, ids="-".join)
def strict_server(request, settings):  # noqa: F811
    """A server with a small backlog limit, and the usual ping interval."""
    kind, registry = request.param
    environ = settings(registry, MAX_BACKLOG_BYTES=300_000, HISTORY_BYTES=64 * 1024 * 1024)
    with ServerProcess(kind, **environ) as server:
        yield server
        assert unexpected_tracebacks(server.log()) == []


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def server(request, settings):  # noqa: F811
    kind, registry = request.param
    environ = settings(registry, PING_INTERVAL_SECONDS=INTERVAL_SECONDS)
    with ServerProcess(kind, **environ) as server:
        yield server
        assert unexpected_tracebacks(server.log()) == []


def test_slow_client_is_cut_off_and_resumes_without_loss(strict_server, channel):  # noqa: F811
    """A client that does not read delays no other; it is closed with 1013, and gets what it missed
    when it resumes."""
    browser, numbers = Browser(strict_server.url), itertools.count()
    slow_page, quick_page = browser.page(f"/on/{channel}"), browser.page(f"/on/{channel}")
    slow = browser.open(slow_page, resume=True, sock=small(strict_server), compression=None)
    slow.resume()
    with browser.open(quick_page) as quick:
        while CUT_OFF not in strict_server.log():
            browser.post(f"/push/{channel}", json=[next(numbers), LARGE])
        heard, position, code = read_to_the_end(slow)
        browser.post(f"/push/{channel}", json=[next(numbers), LARGE])
        count = next(numbers)
        heard_by_quick = [payload[0] for payload in quick.payloads(count)]
    with browser.open(slow_page, resume=True) as again:
        reply = again.resume({channel: position})
        heard += [payload[0] for payload in again.payloads(count - len(heard))]

    assert heard_by_quick == list(range(count))
    assert code == 1013
    assert reply["lost"] == []
    assert heard == list(range(count))


def small(server):
    """Return a connection to the server whose receive buffer is small."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    one.connect(("127.0.0.1", server.port))
    return one


def read_to_the_end(slow):
    """Return the numbers that came before the close frame, the position of the last one, and the
    close code."""
    from websockets.exceptions import ConnectionClosed

    numbers, position = [], None
    try:
        while True:
            message = json.loads(slow.websocket.recv(timeout=DEADLINE))
            numbers.append(message["payload"][0])
            position = message["position"]
    except ConnectionClosed:
        return numbers, position, slow.websocket.close_code


def test_dead_peer_is_found_and_leaves_once(server, channel):  # noqa: F811
    """A client whose packets vanish is taken off after two intervals, once; one that answers pings
    stays."""
    browser, tunnel = Browser(server.url), Tunnel(server.port)
    page = browser.page(f"/on/{channel}")
    with browser.open(watching(browser, page)) as witness:
        browser.open(page, url=f"http://127.0.0.1:{tunnel.port}").settle()
        assert witness.payloads(1) == ["joined"]
        tunnel.swallow()

        left = witness.payloads(1)
        browser.post(f"/push/record:{page}", json="after")

        assert left == ["left"]
        assert witness.payloads(1) == ["after"]
    tunnel.close()


def test_late_end_of_an_old_socket_harms_no_newer_one(server, channel):  # noqa: F811
    """A page that came back before its old socket was found dead goes on hearing each message
    once."""
    browser, tunnel = Browser(server.url), Tunnel(server.port)
    page = browser.page(f"/on/{channel}")
    with browser.open(watching(browser, page)) as witness:
        browser.open(page, url=f"http://127.0.0.1:{tunnel.port}").settle()
        # The hooks of two sockets run at the same time.
        hooks = witness.payloads(1)
        tunnel.swallow()
        with browser.open(page) as newer:
            browser.post(f"/push/{channel}", json="before")
            hooks += witness.payloads(2)
            browser.post(f"/push/{channel}", json="after")
            browser.get(f"/subscribe/{channel}-more", headers={"X-Realtime-Connection-Id": page})
            browser.post(f"/push/{channel}-more", json="more")

            assert hooks == ["joined", "joined again", "left"]
            assert newer.payloads(3) == ["before", "after", "more"]
    tunnel.close()


def watching(browser, page):
    """Load another page, which hears when sockets of *page* join and leave."""
    return browser.page(f"/on/record:{page}")


def test_nobody_is_left(server):
    """After all these tests the process holds no socket."""
    health = Browser(server.url)

    eventually(lambda: health.get("/health").json()["connections"] == 0)
