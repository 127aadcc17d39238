"""Nothing is left: no socket, thread, greenlet, file descriptor, or key in Redis."""

import secrets
import signal
import socket

import psutil
import pytest
import redis
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ..eventually import DEADLINE, eventually
from .browsers import Browser
from .conftest import unexpected_tracebacks
from .raw import RawSocket
from .serving import ServerProcess


@pytest.mark.parametrize(
    ("kind", "registry"),
    [
        pytest.param("gevent", "memory", marks=pytest.mark.long),
        pytest.param("gthread", "memory", marks=pytest.mark.long),
        ("pywsgi", "memory"),
        ("dev", "memory"),
        ("gevent", "redis"),
        ("gthread", "redis"),
        pytest.param("pywsgi", "redis", marks=pytest.mark.long),
        pytest.param("dev", "redis", marks=pytest.mark.long),
    ],
)
def test_sockets_leave_nothing_in_the_process(kind, registry, settings, channel):
    """After sockets that end in every way a process holds what it held before."""
    with ServerProcess(kind, **settings(registry)) as server:
        browser = Browser(server.url)
        # One more socket is open meanwhile, as below: gthread never ends a thread that it has
        # started.
        with browser.open(browser.page(f"/on/{channel}")):
            misuse(server, browser, channel, times=2)
        eventually(lambda: health(browser)["connections"] == 0)
        before = held(browser, server.port)
        witness = browser.open(browser.page(f"/on/{channel}"))

        misuse(server, browser, channel, times=4)
        browser.post(f"/push/{channel}", json="still here")
        heard = witness.payloads(1)
        witness.close()

        assert heard == ["still here"]
        eventually(
            lambda: all(
                now <= then for now, then in zip(held(browser, server.port), before, strict=True)
            ),
            explain=lambda: f"{held(browser, server.port)} are held, {before} were",
        )
        assert unexpected_tracebacks(server.log()) == []


def test_nothing_stays_in_redis(settings, redis_url, channel):
    """Every key in Redis expires, even if the process that made it was killed."""
    prefix = f"left-{secrets.token_hex(4)}"
    # A database of its own, since its keys are looked through again and again.
    address = redis_url.removesuffix("/0") + "/9"
    timeouts = {
        f"{name}_SECONDS": 1 for name in ("CONNECT_TIMEOUT", "DISCONNECT_TIMEOUT", "HISTORY_TTL")
    }
    with (
        redis.Redis.from_url(address) as server_of_keys,
        ServerProcess(
            "gevent", **settings("redis", REDIS=address, REDIS_PREFIX=prefix, **timeouts)
        ) as server,
    ):
        browser = Browser(server.url)
        browser.page(f"/on/{channel}-never-opened")
        with browser.open(browser.page(f"/on/{channel}")) as one:
            one.call("/session/colour/red", method="post")
            browser.post(f"/push/{channel}", json="hi")
            assert one.payloads(1) == ["hi"]
            during = keys(server_of_keys, prefix)
            server.stop(signal.SIGKILL)

        # A key that never expires has a PTTL of -1; some may have expired already, and have -2.
        assert all(server_of_keys.pttl(key) != -1 for key in during)
        # Push ids are remembered for 300 seconds, the ids of what waited for a browser for 60, and
        # the owner of the prefix for longer.
        remembered = (b":push:", b":waiting:", b":owner")
        eventually(
            lambda: (
                not [
                    key
                    for key in keys(server_of_keys, prefix)
                    if not any(part in key for part in remembered)
                ]
            ),
            explain=lambda: str(keys(server_of_keys, prefix)),
        )


def misuse(server, browser, channel, times):
    """Open and end sockets in every way there is, *times* over."""
    for _ in range(times):
        page = browser.page(f"/on/{channel}")
        with browser.open(page) as one:
            one.websocket.send("no JSON")
            one.websocket.send(b"binary")
            one.ask("nobody knows this")
            one.call("/fails")
        gone = browser.open(page)
        gone.websocket.socket.shutdown(socket.SHUT_RDWR)
        with RawSocket(server, browser, page) as broken:
            broken.send(0x3, b"no such opcode")
            assert broken.receive()[0] == 8
        large = browser.open(page)
        with pytest.raises(ConnectionClosed):
            large.websocket.send("x" * 300_000)
            large.websocket.recv(timeout=DEADLINE)
        for query in ("", "x" * 200):
            with pytest.raises(InvalidStatus):
                browser.open(query)


def health(browser):
    return browser.get("/health").json()


def held(browser, port):
    """Return how many sockets, threads and descriptors the process holds.

    gevent's patched threading module counts greenlets. Connections to Redis do not count, since the
    pool keeps as many as were ever needed at once.
    """
    now = health(browser)
    process = psutil.Process(now["pid"])
    to_redis = [
        one
        for one in process.net_connections("tcp")
        if one.status == psutil.CONN_ESTABLISHED and one.laddr.port != port
    ]
    return now["connections"], now["threads"], process.num_fds() - len(to_redis)


def keys(server_of_keys, prefix):
    return list(server_of_keys.scan_iter(f"{prefix}:*"))
