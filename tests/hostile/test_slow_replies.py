"""Sockets that ask for the largest replies there are, again and again, and read nothing."""

import json

import pytest

from .siege import SHARE

HANDLER = {"action": "large"}
SLOW = {"action": "slow-and-large"}
CALL = {"action": "call-route", "uri": "/large"}


@pytest.mark.parametrize(
    ("fields", "deflate"),
    [(HANDLER, False), (HANDLER, True), (SLOW, False), (CALL, False)],
    ids=["handler", "deflated", "handler-that-waits", "call"],
)
def test_replies_that_nobody_reads_take_no_more_than_a_sockets_share(besiege, fields, deflate):
    """They are cut off for it, and their pages come back with nothing lost."""
    siege = besiege(STALL_SECONDS=3, ALLOW_CALLS=True)
    text = json.dumps({"id": "1", **fields}).encode()
    siege.ask_once(text)
    for socket in siege.open(deflate=deflate):
        for _ in range(5):
            socket.send(1, text)

    assert siege.share() < SHARE
    siege.wait_until_cut("REALTIME_|slow to take a large reply")
    assert all(reply["known"] and not reply["lost"] for reply in siege.come_back())
