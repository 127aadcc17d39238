"""WebSocket frames that the server sends."""

import dataclasses
import json
import struct
import zlib

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.publications import NOWHERE, Publication
from flask_realtime.writing.frames import (
    PIECE_BYTES,
    SMALLEST_DEFLATED,
    close_frame,
    lost_frame,
    ping_frame,
    push_frame,
    text_frame,
)

POSITION = Position("e1", 7, "t7")
LONG = "the same again " * 1000


def payload(frame):
    """Return the payload of a frame by the length in its head."""
    size = {126: 4, 127: 10}.get(frame[1], 2)
    told = frame[1] if size == 2 else int.from_bytes(frame[2:size], "big")
    assert len(frame) == size + told
    return frame[size:]


def inflated(frame):
    """Return the text of a deflated frame."""
    assert frame[0] == 0x81 | 0x40
    return zlib.decompressobj(-15).decompress(payload(frame) + b"\x00\x00\xff\xff").decode()


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536])
def test_text_frame_says_how_long_it_is(length):
    """An unmasked text frame carries a text of any length."""
    frame = text_frame("x" * length)

    assert frame.plain[0] == 0x81
    assert payload(frame.plain) == b"x" * length


def test_push_frame_is_json_with_channel_payload_and_position():
    """The payload, which is JSON already, is inserted unchanged."""
    publication = Publication("news", POSITION, "t6", '{"text": "hi"}')

    frame = push_frame(publication)

    assert json.loads(payload(frame.plain)) == {
        "channel": "news",
        "payload": {"text": "hi"},
        "position": "e1:7:t7",
    }
    assert (frame.channel, frame.before) == ("news", Position("e1", 6, "t6"))
    assert frame.publication == dataclasses.replace(publication, payload="")


def test_push_frame_of_what_no_log_holds_has_no_position():
    """An ephemeral push has no position, so the client keeps its own."""
    frame = push_frame(Publication("news", NOWHERE, "", "1"))

    assert json.loads(payload(frame.plain)) == {"channel": "news", "payload": 1}
    assert (frame.channel, frame.before, frame.publication) == ("", None, None)


def test_lost_frame_says_that_messages_are_lost():
    """The frame carries the position from which the client continues."""
    frame = lost_frame("news", POSITION, None)

    told = json.loads(payload(frame.plain))
    assert told == {"channel": "news", "lost": True, "position": "e1:7:t7"}


def test_long_text_is_deflated_once_for_all():
    """Every receiver of deflated frames gets the same bytes, which are shorter."""
    frame = text_frame(LONG)

    frame.deflate()

    assert inflated(frame.deflated) == LONG
    assert len(frame.deflated) < len(frame.plain) / 10
    assert frame.deflated is frame.deflated


def test_deflating_lets_others_run_between_pieces(monkeypatch):
    """A long text is deflated in pieces with pauses between them, into one message."""
    pauses = []
    monkeypatch.setattr("flask_realtime.writing.frames.let_others_run", lambda: pauses.append(1))
    text = "0123456789" * (PIECE_BYTES // 4)
    frame = text_frame(text)

    frame.deflate()

    assert len(pauses) == 2
    assert inflated(frame.deflated) == text


def test_short_text_is_not_deflated():
    """A short text stays plain, since packet headers are larger than what deflating would save."""
    frame = text_frame("x" * (SMALLEST_DEFLATED - 1))

    assert frame.deflated == frame.plain


def test_close_frame_carries_a_code_and_a_reason_that_fits():
    """A close frame has at most 125 bytes, and a cut reason is still valid UTF-8."""
    short, long = close_frame(1012, "Come back."), close_frame(1000, "ä" * 100)

    assert short[0] == 0x88
    assert payload(short) == struct.pack("!H", 1012) + b"Come back."
    assert payload(long)[2:].decode() == "ä" * 61


def test_ping_frame_is_empty():
    """A ping has no payload."""
    assert ping_frame() == b"\x89\x00"
