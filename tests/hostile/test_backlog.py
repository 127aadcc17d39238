"""Sockets that do not read, while the app pushes more than the kernel can buffer."""

import pytest

from .siege import SHARE


@pytest.mark.parametrize(
    "besiege", ["gevent", pytest.param("gthread", marks=pytest.mark.long)], indirect=True
)
def test_pushes_that_nobody_reads_take_no_more_than_a_sockets_share(siege):
    """The server cuts them off; their pages come back and miss nothing that the log has."""
    siege.load("room")
    siege.open()

    siege.browser.post("/push/80/100000/room")

    assert siege.share(common=0) < SHARE
    siege.wait_until_cut("REALTIME_MAX_BACKLOG_BYTES")
    assert all(reply["known"] and not reply["lost"] for reply in siege.come_back())
