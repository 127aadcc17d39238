"""Sockets that ask for the largest replies there are, again and again, and read nothing."""

import json

import pytest

from .siege import SHARE

HANDLER = {"action": "large"}
SLOW = {"action": "slow-and-large"}
CALL = {"action": "call-route", "uri": "/large"}


@pytest.fixture
def ask(besiege):
    """Return a function that has all sockets ask five times; it returns the siege."""

    def ask(fields, **options):
        siege = besiege(STALL_SECONDS=3, ALLOW_CALLS=True)
        text = json.dumps({"id": "1", **fields}).encode()
        siege.ask_once(text)
        for socket in siege.open(**options):
            for _ in range(5):
                socket.send(1, text)
        return siege

    return ask


@pytest.mark.parametrize("fields", [HANDLER, SLOW, CALL], ids=["handler", "slow-handler", "call"])
def test_replies_that_nobody_reads_take_no_more_than_a_sockets_share(ask, fields):
    """They are cut off for it, and their pages come back with nothing lost."""
    siege = ask(fields)

    assert siege.share() < SHARE
    siege.wait_until_cut("REALTIME_|slow to take a large reply")
    assert all(reply["known"] and not reply["lost"] for reply in siege.come_back())


def test_replies_that_are_deflated_take_no_more_than_a_sockets_share(ask):
    """Though each of them takes the server a while, in which others ask."""
    assert ask(HANDLER, deflate=True).share() < SHARE
