"""RFC 6455 by wsproto together with our reader of frames."""

import random
import tracemalloc

import pytest
from wsproto.connection import Connection as WsprotoConnection

from flask_realtime.transport import protocol
from flask_realtime.transport.adapter import read
from flask_realtime.transport.frame_reader import FrameReader
from flask_realtime.transport.protocol import Protocol

from ...deflate import deflated
from .peer import Recorder, deflated_frame, frame

MOST = 200_000


def anything(chance, deflates):
    """A message or some frames that a peer may send, and now and then what it must not."""
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


def read_all(chunks, deflates):
    """Return the messages, the protocol's own answers, and the close code."""
    recorder = Recorder(chunks)
    code = read(recorder, deflates, MOST)
    return recorder.messages, recorder.written, code


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("deflates", [True, False])
def test_stream_is_read_as_wsproto_reads_it(seed, deflates, monkeypatch):
    """Whatever a peer sends in whatever pieces, the messages and the close code are those of
    wsproto alone."""
    chance = random.Random(seed)
    stream = b"".join(anything(chance, deflates) for _ in range(chance.randrange(1, 12)))
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(8)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if a < b]

    with_shortcut = read_all(chunks, deflates)
    monkeypatch.setattr(FrameReader, "read", lambda *_: None)

    assert with_shortcut == read_all(chunks, deflates)


def in_fragments(payload, size, first):
    """Return a message in frames of *size* bytes."""
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
    kinds = [first & 0x7F, *[0x00] * (len(pieces) - 1)]
    kinds[-1] |= 0x80
    return [frame(piece, first=kind) for piece, kind in zip(pieces, kinds, strict=True)]


@pytest.mark.parametrize("first", [0x81, 0xC1, 0x82, 0xC2])
def test_message_in_fragments_is_read_as_one(first):
    """A text or binary message in fragments, deflated or not, with a ping in between, is one
    message."""
    text = '{"id": "žluť", "action": "ping"}' * 3
    payload = deflated(text.encode()) if first & 0x40 else text.encode()
    pieces = in_fragments(payload, 7, first)
    pieces.insert(2, frame(b"now", first=0x89))

    messages, written, _ = read_all(pieces, deflates=True)

    assert messages == [text if first & 0x0F == 1 else text.encode()]
    assert written == [b"\x8a\x03now"]


@pytest.mark.parametrize("count", [1, 3])
def test_messages_share_no_inflater(count):
    """Each message is inflated by itself, as the handshake agreed."""
    pieces = in_fragments(deflated(b"hello hello"), 3, 0xC1) * count

    assert read_all(pieces, deflates=True)[0] == ["hello hello"] * count


def bombs():
    """Messages of a few bytes that inflate to more than a message may have."""
    bomb = deflated(b"x" * 20_000_000)
    whole = frame(bomb, first=0xC1)
    return {
        "one frame that comes whole": [whole],
        "one frame in pieces": [whole[:5000], whole[5000:10_000], whole[10_000:]],
        "fragments": in_fragments(bomb, 5000, 0xC1),
        "binary": [frame(bomb, first=0xC2)],
        "its end in the last byte": [whole[:-1], whole[-1:]],
    }


@pytest.mark.parametrize("bomb", bombs())
def test_bomb_is_refused_before_it_is_inflated(bomb):
    """A message of a few kilobytes would inflate to 20 MB. It takes no more memory than a message
    may, and ends with 1009."""
    pieces = bombs()[bomb]
    tracemalloc.start()

    messages, _, code = read_all(pieces, deflates=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (messages, code) == ([], 1009)
    assert peak < 10 * MOST


@pytest.mark.parametrize("first", [0x81, 0xC1])
def test_size_of_a_message_is_counted_in_bytes(first):
    """The limit counts bytes while they arrive, not characters."""
    text = ("😀" * (MOST // 4 + 1)).encode()
    payload = deflated(text) if first & 0x40 else text

    messages, _, code = read_all(in_fragments(payload, 20_000, first), deflates=True)

    assert (messages, code) == ([], 1009)


@pytest.mark.parametrize("first", [0x81, 0xC1])
def test_message_of_the_largest_size_is_read(first):
    """A message of exactly the limit is read, whole or in fragments."""
    text = b"x" * MOST
    payload = deflated(text) if first & 0x40 else text

    for pieces in ([frame(payload, first=first)], in_fragments(payload, 50, first)):
        assert read_all(pieces, deflates=True)[0] == [text.decode()]


def test_broken_deflate_is_answered_with_1007():
    """A frame that cannot be inflated closes the socket with 1007."""
    assert read_all(in_fragments(b"\xff" * 100, 30, 0xC1), deflates=True)[2] == 1007


def test_frames_that_are_not_heeded_are_not_answered():
    """Pings beyond the rate limit get no pong; each ping and each fragment counts."""
    taken = []
    recorder = Recorder(
        [frame(b"", first=0x89) * 3, frame(b"a", first=0x01), frame(b"b", first=0x80)],
        takes=lambda: taken.append(1) or len(taken) < 3,
    )

    read(recorder, False, MOST)

    assert recorder.written == [b"\x8a\x00"] * 2
    assert recorder.messages == ["ab"]
    assert len(taken) == 4


@pytest.mark.parametrize(("last", "made"), [(b"text", 0), (b"ping", 1), (b"close", 1)])
def test_wsproto_is_there_only_for_what_is_left_to_it(last, made, monkeypatch):
    """A socket that has sent nothing but whole texts has no connection of wsproto's, which costs
    time at its opening, and memory until its end."""
    kinds = {b"text": frame(b"text"), b"ping": frame(b"", 0x89), b"close": frame(b"\x03\xe8", 0x88)}
    seen = []

    def make(*args):
        seen.append(args)
        return WsprotoConnection(*args)

    monkeypatch.setattr(protocol, "WsprotoConnection", make)

    messages, _, _ = read_all([frame(b"hello"), kinds[last]], deflates=False)

    assert messages == ["hello", "text"][: 2 - made]
    assert len(seen) == made


def test_protocol_keeps_nothing_of_what_it_has_read():
    """An idle socket holds none of its former messages in memory."""
    recorder = Recorder([])
    recorder.received = lambda message: None
    reader = Protocol(recorder, True, MOST)
    for piece in (frame(b"x" * 9000), deflated_frame(b"y" * 9000), *in_fragments(b"z" * 99, 9, 1)):
        reader.receive_data(piece)
        list(reader.events())

    tracemalloc.start()
    reader.receive_data(frame(b"w" * 100_000))
    list(reader.events())
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert kept < 5000
