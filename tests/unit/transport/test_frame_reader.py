"""Whole messages are read directly, without wsproto."""

import pytest

from flask_realtime.threads.time_slice import TimeSlice
from flask_realtime.transport.frame_reader import FrameReader, read_head

from .peer import deflated_frame, frame

MOST = 200_000


def reader(deflates):
    return FrameReader(deflates, MOST, TimeSlice())


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 125, 126, 65535, 65536, 70_001])
def test_whole_message_is_read(length):
    """An unmasked text of any length is found, with its end."""
    text = ("žluť" * length)[:length]
    data = frame(text.encode())

    assert reader(False).read(b"xx" + data + b"more", 2) == (text, 2 + len(data))


def test_deflated_message_is_read_where_that_was_agreed():
    """A deflated message, which every browser sends, is read if the handshake agreed on deflate."""
    data = deflated_frame(b'{"id": 1}' * 50)

    assert reader(True).read(data, 0) == ('{"id": 1}' * 50, len(data))
    assert reader(False).read(data, 0) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        frame(b"some text")[:-1],
        frame(b"some text")[:5],
        frame(b"x" * 200)[:3],
        frame(b"not masked", mask=None),
        frame(b"a length told at length", size=3),
        frame(b"x" * 200, size=9),
        frame(b"\xff\xfe"),
        frame(b"begun", first=0x01),
        frame(b"went on", first=0x80),
        frame(b"binary", first=0x82),
        frame(b"ping", first=0x89),
        frame(b"\x03\xe8", first=0x88),
        frame(b"a reserved bit", first=0xA1),
        frame(b"no deflate at all", first=0xC1),
        deflated_frame(b"\xff\xfe"),
        deflated_frame(b"x" * (MOST + 1)),
    ],
)
def test_anything_else_is_left_to_the_protocol(data):
    """A frame that is not a whole text, or is malformed, is left to wsproto."""
    assert reader(True).read(data, 0) is None


def test_bomb_is_not_inflated():
    """A frame that would inflate to more than a message may have is inflated only up to that
    limit."""
    bomb = deflated_frame(b"x" * 100_000_000)

    assert len(bomb) < MOST
    assert reader(True).read(bomb, 0) is None


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
def test_skipping_finds_where_the_next_message_begins(step):
    """The next message is found behind fragments, control frames between them, and cut frames."""
    frames = [
        (frame(b"first", first=0x01), False),
        (frame(b"ping", first=0x89), False),
        (frame(b"x" * 300, first=0x00), False),
        (frame(b"", first=0x80), True),
        (frame(b"ping", first=0x89), True),
        (frame(b"y" * 70_000), True),
    ]
    messages = reader(False)

    for data, is_between in frames:
        for at in range(0, len(data), step):
            messages.skip(data[at : at + step])
            if at + step < len(data):
                assert not messages.is_between
        assert messages.is_between == is_between


def test_head_tells_size_and_length():
    """The frame's head gives its own length and the payload's."""
    head = read_head(frame(b"x" * 200))

    assert head is not None
    assert (head.size, head.length, head.is_masked) == (8, 200, True)
    assert read_head(b"\x81") is None
