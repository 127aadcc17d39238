"""simple-websocket over one of our connections."""

import struct

import pytest

from flask_realtime.transport.adapter import read

from .peer import Recorder, frame

MOST = 1000


def close_frame(code):
    return frame(struct.pack("!H", code), first=0x88)


def test_messages_are_handed_on_in_order():
    """Each message is delivered on the caller's thread as soon as it is complete."""
    recorder = Recorder([frame(b"one"), frame(b"two")[:4], frame(b"two")[4:] + frame(b"three")])

    read(recorder, False, MOST)

    assert recorder.messages == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("chunks", "code"),
    [
        ([], 1006),
        ([close_frame(1001)], 1001),
        ([close_frame(4999)], 4999),
        ([frame(b"", first=0x88)], 1005),
        ([frame(b"", first=0x83)], 1002),
        ([frame(b"\xff")], 1007),
        ([frame(b"x" * (MOST + 1))], 1009),
        ([frame(b"x" * MOST, first=0x01), frame(b"x", first=0x80)], 1009),
    ],
)
def test_code_is_the_one_that_the_peer_was_told(chunks, code):
    """The close code is 1006 without a close frame, and that of RFC 6455 for a mistake of the
    peer."""
    assert read(Recorder(chunks), False, MOST) == code


def test_close_frame_is_answered():
    """A close frame is answered with its own code."""
    recorder = Recorder([close_frame(1001)])

    read(recorder, False, MOST)

    assert recorder.written == [b"\x88\x02" + struct.pack("!H", 1001)]


@pytest.mark.parametrize("where", ["received", "settle"])
@pytest.mark.parametrize("error", [ZeroDivisionError, OSError])
def test_message_that_cannot_be_received_closes_with_1011(caplog, error, where):
    """An error of ours, even an OSError, which simple-websocket takes for a lost connection, closes
    the socket with 1011 and is logged; also where the message had to wait for room."""
    recorder = Recorder([frame(b"one"), frame(b"two")])

    def fail(*_):
        raise error("in receiving")

    setattr(recorder, where, fail)

    read(recorder, False, MOST)

    assert recorder.closed == [1011, 1011]
    assert "in receiving" in caplog.text
