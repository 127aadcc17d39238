"""Sockets ask for the largest replies again and again, but do not read them."""

import json

import pytest

from .siege import COMMON, SHARE

# By which factor the app's replies, and the memory for them, are smaller than by default.
SMALLER = 4

HANDLER = {"action": "large"}
SLOW = {"action": "slow-and-large"}
CALL = {"action": "call-route", "uri": "/large"}
SERVERS = [
    pytest.param("gevent", HANDLER, id="gevent-handler"),
    pytest.param("gthread", HANDLER, id="gthread-handler", marks=pytest.mark.long),
    pytest.param("gevent", SLOW, id="gevent-slow-handler"),
    pytest.param("gthread", SLOW, id="gthread-slow-handler", marks=pytest.mark.long),
    pytest.param("gevent", CALL, id="gevent-call", marks=pytest.mark.long),
    pytest.param("gthread", CALL, id="gthread-call"),
]


@pytest.fixture
def ask(besiege):
    """A function that makes each socket of a siege ask five times, and returns the siege."""

    def ask(fields, **options):
        siege = besiege(STALL_SECONDS=2, ALLOW_CALLS=True)
        text = json.dumps({"id": "1", **fields}).encode()
        siege.ask_once(text)
        for socket in siege.open(**options):
            for _ in range(5):
                socket.send(1, text)
        return siege

    return ask


@pytest.mark.parametrize(("besiege", "fields"), SERVERS, indirect=["besiege"])
def test_replies_that_nobody_reads_take_no_more_than_a_sockets_share(ask, fields):
    """The server cuts the sockets off; their pages come back and have lost nothing."""
    siege = ask(fields)

    assert siege.share(COMMON // SMALLER) < SHARE / SMALLER
    siege.wait_until_cut("REALTIME_|slow to take a large reply")
    assert all(reply["known"] and not reply["lost"] for reply in siege.come_back())


@pytest.mark.parametrize(
    "besiege", [pytest.param("gevent", marks=pytest.mark.long), "gthread"], indirect=True
)
def test_replies_that_are_deflated_take_no_more_than_a_sockets_share(ask):
    """Compression takes the server a while, in which other sockets ask."""
    assert ask(HANDLER, deflate=True).share(COMMON // SMALLER) < SHARE / SMALLER
