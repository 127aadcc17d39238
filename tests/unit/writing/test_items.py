"""What waits in an outbox."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.writing.items import (
    BYTES_OF_FRAME,
    BYTES_OF_REPLY,
    LARGE_REPLY_BYTES,
    bytes_of_replies,
    first_places,
    is_large_reply,
    memory_of,
)

from ..sockets import frame


def test_replies_are_counted_and_frames_are_not():
    """A frame is shared by many sockets, and the client gets it again; a reply is for one."""
    items = [b"x" * 300, frame(1), b"", b"y" * 20]

    assert bytes_of_replies(items) == 320


@pytest.mark.parametrize(
    ("item", "is_large"),
    [
        (b"x" * LARGE_REPLY_BYTES, True),
        (b"x" * (LARGE_REPLY_BYTES - 1), False),
        (frame(1, '"' + "x" * LARGE_REPLY_BYTES + '"'), False),
    ],
    ids=["large", "small", "frame"],
)
def test_large_reply_is_told_from_small_ones_and_frames(item, is_large):
    """Only replies are large ones: what waits of pushes is limited for each socket."""
    assert is_large_reply(item) is is_large


def test_frame_that_is_deflated_is_in_memory_twice():
    """A deflated frame counts twice, because it keeps its plain form for other sockets."""
    large = frame(1, '"' + "x" * 10_000 + '"')

    sizes = [memory_of(large, deflates) - BYTES_OF_FRAME for deflates in (False, True)]

    assert sizes == [len(large.plain), len(large.plain) + len(large.deflated)]
    assert memory_of(b"reply", True) == 5 + BYTES_OF_REPLY


def test_place_of_a_channel_is_before_its_first_push():
    """The position before the first push of a channel counts, whatever follows."""
    items = [b"reply", frame(2), frame(3), frame(7, channel="hall")]

    assert first_places(items) == {"room": Position("e", 1, "t1"), "hall": Position("e", 6, "t6")}
