"""Sockets that mean to fill the server's memory: each gets its share, and no more."""

import json

import pytest

from tests.deflate import deflated

from .siege import SHARE

WAIT = b'{"id": "1", "action": "wait"}'
# Bytes that become as much text as a message may have, and much more when they are parsed.
LISTS = b'{"id": "1", "action": "nothing", "data": [' + b"[]," * 80_000 + b"0]}"
WIDE = json.dumps({"id": "1", "action": "nothing", "data": "\U0001f600" + "x" * 250_000})


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
