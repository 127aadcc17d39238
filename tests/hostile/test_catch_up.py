"""Sockets that ask for all messages that they have missed, and do not read them."""

import pytest

from .siege import SHARE

RESUME = b'{"id": "0", "action": "resume", "positions": {}, "speaks": 2}'


@pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)
def test_what_was_missed_takes_no_more_than_a_sockets_share(besiege):
    """A socket holds one page of the log at a time. A socket that does not read is cut off, and its
    page later goes on where it was."""
    siege = besiege(STALL_SECONDS=3)
    siege.load("room")
    siege.browser.post("/push/80/100000/room")
    siege.begin()

    for socket in siege.open(resume=True):
        socket.send(1, RESUME)

    assert siege.share(common=0) < SHARE
    siege.wait_until_cut("REALTIME_STALL_SECONDS")
    assert all(reply["known"] and not reply["lost"] for reply in siege.come_back())
