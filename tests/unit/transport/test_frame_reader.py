"""What a peer sends: whole messages read directly, all else by wsproto, and both as one."""

import random

import pytest

from flask_realtime.transport.frame_reader import FrameReader, read_head
from flask_realtime.transport.websocket import WebSocket

from ...deflate import deflated
from ...frames import client_frame
from .test_websocket import HANDSHAKE

MASK = b"\x8a\x01\xff\x20"
MOST = 200_000


def frame(payload, first=0x81, mask=MASK, size=None):
    return client_frame(payload, first, mask, size)


def deflated_frame(text):
    return frame(deflated(text), first=0xC1)


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 125, 126, 65535, 65536, 70_001])
def test_whole_message_is_read(length):
    """A text of any length, unmasked, and where it ends."""
    text = ("žluť" * length)[:length]
    data = frame(text.encode())

    assert FrameReader(False, MOST).read(b"xx" + data + b"more", 2) == (text, 2 + len(data))


def test_deflated_message_is_read_where_that_was_agreed():
    """As every browser sends them."""
    data = deflated_frame(b'{"id": 1}' * 50)

    assert FrameReader(True, MOST).read(data, 0) == ('{"id": 1}' * 50, len(data))
    assert FrameReader(False, MOST).read(data, 0) is None


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
    """What is not whole, no text, or wrong: wsproto knows what to say to it."""
    assert FrameReader(True, MOST).read(data, 0) is None


def test_bomb_is_not_inflated():
    """No more than a message may have is inflated here, whatever a frame would become."""
    bomb = deflated_frame(b"x" * 100_000_000)

    assert len(bomb) < MOST
    assert FrameReader(True, MOST).read(bomb, 0) is None


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
def test_skipping_finds_where_the_next_message_begins(step):
    """Fragments, control frames between them, and frames cut anywhere."""
    frames = [
        (frame(b"first", first=0x01), False),
        (frame(b"ping", first=0x89), False),
        (frame(b"x" * 300, first=0x00), False),
        (frame(b"", first=0x80), True),
        (frame(b"ping", first=0x89), True),
        (frame(b"y" * 70_000), True),
    ]
    messages = FrameReader(False, MOST)

    for data, is_between in frames:
        for at in range(0, len(data), step):
            messages.skip(data[at : at + step])
            if at + step < len(data):
                assert not messages.is_between
        assert messages.is_between == is_between


def test_head_tells_size_and_length():
    """Of what stands before the payload."""
    head = read_head(frame(b"x" * 200))

    assert head is not None
    assert (head.size, head.length, head.is_masked) == (8, 200, True)
    assert read_head(b"\x81") is None


class Recorder:
    """A connection whose peer sends *chunks*, and its receiver."""

    def __init__(self, chunks):
        self.chunks = list(chunks)
        self.receiver = self.reading = self
        self.messages = []
        self.written = []

    def receive(self, size):
        return self.chunks.pop(0) if self.chunks else b""

    def received(self, message):
        self.messages.append(message)

    def write(self, data):
        self.written.append(data)

    def takes_frame(self):
        return True

    def yield_turn(self):
        return 0.0


def anything(chance, deflates):
    """A message or some frames that a peer may send, seldom what it must not."""
    payload = chance.choice([b"", b'{"id": 1}', b"x" * 130, "žluť".encode() * 20])
    sent = [
        frame(payload),
        frame(payload) + frame(b"more"),
        frame(b"ping", first=0x89),
        frame(payload, first=0x01) + frame(b"pong", first=0x8A) + frame(b"end", first=0x80),
        frame(payload, first=0x82),
        *([deflated_frame(payload), deflated_frame(payload)] if deflates else []),
    ]
    wrong = [
        frame(payload, first=0x80),
        frame(payload, mask=None),
        frame(payload, first=0xC1),
        frame(b"\x03\xe8", first=0x88),
        frame(b"\xff"),
        frame(b"x", size=3),
    ]
    return chance.choice(wrong if chance.random() < 0.06 else sent)


def read(chunks, deflates):
    """The messages, what was answered by the protocol itself, and the close code."""
    offer = "permessage-deflate" if deflates else ""
    websocket = WebSocket({**HANDSHAKE, "HTTP_SEC_WEBSOCKET_EXTENSIONS": offer}, MOST)
    recorder = Recorder(chunks)
    code = websocket.run(recorder)
    return recorder.messages, recorder.written, code


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("deflates", [True, False])
def test_stream_is_read_as_wsproto_reads_it(seed, deflates, monkeypatch):
    """Whatever a peer sends and however it is cut, the same messages come out, and the same close
    code, as without the shortcut."""
    chance = random.Random(seed)
    stream = b"".join(anything(chance, deflates) for _ in range(chance.randrange(1, 12)))
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if a < b]

    with_shortcut = read(chunks, deflates)
    monkeypatch.setattr(FrameReader, "read", lambda *_: None)

    assert with_shortcut == read(chunks, deflates)
