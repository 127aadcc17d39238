"""The receiver of one socket's messages."""

import pytest

from ..sockets import Pair


@pytest.mark.parametrize("end", ["the peer's", "ours"])
def test_receiver_is_told_of_the_beginning_and_of_the_end(end):
    """opened() and closed() are called once each, in this order, whichever side ends the socket."""
    pair = Pair()
    before = (pair.receiver.is_open.is_set(), pair.receiver.times_closed)
    pair.start()
    if end == "ours":
        pair.connection.close(1000)

    pair.end()

    assert before == (False, 0)
    assert pair.receiver.is_open.is_set()
    assert pair.receiver.times_closed == 1
