"""Sockets that try to fill the server's memory with their messages get no more than their share."""

import json

import pytest

from tests.deflate import deflated

from .siege import SHARE

WAIT = b'{"id": "1", "action": "wait"}'
# A message of about the largest size, which takes much more memory when it is parsed.
LISTS = b'{"id": "1", "action": "nothing", "data": [' + b"[]," * 80_000 + b"0]}"
WIDE = json.dumps(
    {"id": "1", "action": "nothing", "data": "\U0001f600" + "x" * 250_000}, ensure_ascii=False
).encode()


@pytest.mark.parametrize(
    ("besiege", "text"),
    [
        pytest.param("gevent", LISTS, id="gevent-parsed", marks=pytest.mark.long),
        pytest.param("gthread", LISTS, id="gthread-parsed"),
        pytest.param("gevent", WIDE, id="gevent-wide"),
        pytest.param("gthread", WIDE, id="gthread-wide", marks=pytest.mark.long),
    ],
    indirect=["besiege"],
)
def test_messages_that_wait_take_no_more_than_a_sockets_share(siege, text):
    """While a handler runs, the peer goes on sending messages of the largest size."""
    sockets = siege.open()
    for socket in sockets:
        socket.send(1, WAIT)
        socket.send_many_aside(1, text, 24)

    assert siege.share() < SHARE


@pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)
def test_messages_that_wait_for_memory_take_no_more_than_a_sockets_share(siege):
    """The peers go on sending messages of the largest size, of which few are handled at one time.

    A character of a text may take four times as much memory as it took on its way.
    """
    for socket in siege.open():
        socket.send_many_aside(1, WIDE.replace(b"nothing", b"wait"), 24)

    assert siege.share() < SHARE


@pytest.mark.parametrize(
    "besiege", [pytest.param("gevent", marks=pytest.mark.long), "gthread"], indirect=True
)
def test_bombs_take_no_more_than_a_sockets_share(siege):
    """All sockets send 400 compressed bytes that become 240 KB of text and megabytes of lists."""
    sockets = siege.open(deflate=True)
    bomb = deflated(LISTS)
    for socket in sockets:
        socket.send_many_aside(1, bomb, 12, reserved=0x40)

    assert siege.share() < SHARE


@pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)
def test_bombs_in_fragments_take_no_more_than_a_sockets_share(siege):
    """16 KB that would become 16 MB are not decompressed, though the message has no last frame."""
    sockets = siege.open(deflate=True)
    bomb = deflated(b"x" * 16_000_000)
    for socket in sockets:
        socket.send_aside(1, bomb, final=False, reserved=0x40)

    assert siege.share() < SHARE


@pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)
def test_wide_messages_in_fragments_take_no_more_than_a_sockets_share(siege):
    """A second frame of some hundred bytes becomes all but the beginning of a large message, of
    which a character takes four bytes. No large message is handled meanwhile."""
    text = deflated(WIDE)
    for socket in siege.open(deflate=True):
        socket.send(1, WAIT)
        begin = socket.frame(1, text[:10], final=False, reserved=0x40)
        socket.write((begin + socket.frame(0, text[10:])) * 3)

    assert siege.share(common=0) < SHARE


@pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)
def test_what_is_not_read_and_what_waits_take_no_more_than_a_sockets_share_together(siege):
    """The peer reads nothing of what is pushed to it, and goes on sending large messages."""
    sockets = siege.open()
    for number in range(len(sockets)):
        siege.browser.post(f"/push/9/100000/{siege.channel(number)}")
    for socket in sockets:
        socket.send(1, WAIT)
        socket.send_many_aside(1, WIDE, 24)

    assert siege.share() < SHARE
