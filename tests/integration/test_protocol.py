"""RFC 6455 as its fuzzing suites test it: fragments, control frames, UTF-8, reserved bits,
sizes."""

import json
import struct

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from ..deflate import deflated
from .conftest import ON_TWO_SERVERS
from .raw import RawSocket

PING = b'{"id": 1, "action": "ping"}'


@pytest.fixture
def raw(server, browser, channel):
    """A socket to which the test can send any bytes."""
    with RawSocket(server, browser, browser.page(f"/on/{channel}")) as raw:
        yield raw


def answer(raw):
    opcode, payload = raw.receive()
    assert opcode == 1, (opcode, payload)
    return json.loads(payload)


def test_fragments_are_one_message(raw):
    """A message in fragments is handled when its last fragment has come."""
    raw.send(1, PING[:5], final=False)
    raw.send(0, PING[5:9], final=False)
    raw.send(0, b"", final=False)
    raw.send(0, PING[9:])

    assert answer(raw)["status"] == 200


@ON_TWO_SERVERS
def test_control_frames_may_come_between_fragments(raw):
    """A ping between two fragments is answered at once, and the message is still whole."""
    raw.send(1, PING[:5], final=False)
    raw.send(9, b"now")
    pong = raw.receive()
    raw.send(0, PING[5:])

    assert pong == (10, b"now")
    assert answer(raw)["status"] == 200


def test_ping_is_answered_before_what_came_after_it(raw):
    """A ping is answered before a message that came behind it, even if both came together."""
    raw.write(raw.frame(1, PING[:5], final=False) + raw.frame(9, b"now") + raw.frame(0, PING[5:]))

    assert raw.receive() == (10, b"now")
    assert answer(raw)["status"] == 200


@ON_TWO_SERVERS
def test_text_split_within_a_character_is_whole(raw):
    """A character may be split between two fragments."""
    text = '{"id": "é😀", "action": "ping"}'.encode()
    raw.send(1, text[:8], final=False)
    raw.send(0, text[8:12], final=False)
    raw.send(0, text[12:])

    assert answer(raw)["id"] == "é😀"


def test_bytes_may_come_one_by_one(raw):
    """A frame may arrive byte by byte."""
    for byte in raw.frame(1, PING):
        raw.write(bytes([byte]))

    assert answer(raw)["status"] == 200


@ON_TWO_SERVERS
def test_ping_is_answered_with_its_payload(raw):
    """A pong has the payload of its ping, of up to 125 bytes."""
    raw.send(9, b"x" * 125)
    raw.send(10, b"unasked")
    raw.send(9, b"")

    assert raw.receive() == (10, b"x" * 125)
    assert raw.receive() == (10, b"")


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
@ON_TWO_SERVERS
def test_close_is_answered_with_its_code(raw, code):
    """A close frame is answered with the same code, and the connection ends."""
    raw.send(8, struct.pack("!H", code) + b"bye")

    assert raw.close_code() == code
    assert raw.is_at_end()


@ON_TWO_SERVERS
def test_close_without_a_code_is_answered(raw):
    """An empty close frame is answered with an empty one."""
    raw.send(8, b"")

    opcode, payload = raw.receive()

    assert (opcode, payload) == (8, b"")


@pytest.mark.parametrize(
    ("opcode", "payload", "options", "code"),
    [
        (1, b"\xff\xfe", {}, 1007),
        (1, b"\xed\xa0\x80", {}, 1007),
        (3, b"", {}, 1002),
        (11, b"", {}, 1002),
        (0, b"nothing to continue", {}, 1002),
        (9, b"x" * 126, {}, 1002),
        (9, b"", {"final": False}, 1002),
        (1, PING, {"reserved": 0x10}, 1002),
        (1, PING, {"reserved": 0x20}, 1002),
        (1, PING, {"reserved": 0x40}, 1002),
        (1, PING, {"masked": False}, 1002),
        (8, b"\x03", {}, 1002),
        (8, struct.pack("!H", 999), {}, 1002),
        (8, struct.pack("!H", 1005), {}, 1002),
        (8, struct.pack("!H", 2000), {}, 1002),
        (8, struct.pack("!H", 1000) + b"\xff", {}, 1007),
    ],
)
@ON_TWO_SERVERS
def test_broken_frame_closes_with_its_code(raw, opcode, payload, options, code):
    """A frame that breaks the protocol closes the socket with 1002, text that is no UTF-8 with
    1007."""
    raw.send(opcode, payload, **options)

    assert raw.close_code() == code
    assert raw.is_at_end()


@ON_TWO_SERVERS
def test_second_message_within_a_fragmented_one_is_an_error(raw):
    """A message may not begin before all fragments of the last one have come."""
    raw.send(1, b"begun", final=False)
    raw.send(1, b"another")

    assert raw.close_code() == 1002


def test_message_too_large_closes_with_1009(raw):
    """A client that sends ten megabytes is closed with 1009, and can read that code."""
    raw.send_aside(1, b"x" * 10_000_000)

    assert raw.close_code() == 1009


@ON_TWO_SERVERS
def test_message_too_large_in_fragments_closes_with_1009(raw):
    """The limit is for a whole message, not for each of its fragments."""
    raw.send(1, b"x" * 200_000, final=False)
    raw.send_aside(0, b"x" * 200_000, final=False)

    assert raw.close_code() == 1009


@ON_TWO_SERVERS
def test_message_of_wide_characters_is_measured_in_bytes(raw):
    """The limit counts bytes, not characters."""
    raw.send_aside(1, ("😀" * 70_000).encode())

    assert raw.close_code() == 1009


@ON_TWO_SERVERS
def test_deflated_message_is_read(server, browser, channel):
    """A compressed message is read if compression was agreed on."""
    page = browser.page(f"/on/{channel}")
    with RawSocket(server, browser, page, deflate=True) as raw:
        raw.send(1, deflated(PING), reserved=0x40)

        assert answer(raw)["status"] == 200


def test_deflate_bomb_closes_with_1009(server, browser, channel):
    """A few bytes that would inflate to fifty megabytes close their own socket, and no other."""
    page = browser.page(f"/on/{channel}")
    with RawSocket(server, browser, page, deflate=True) as raw, browser.open(page) as other:
        raw.send(1, deflated(b"x" * 50_000_000), reserved=0x40)

        assert raw.close_code() == 1009
        other.settle()


@ON_TWO_SERVERS
def test_client_that_names_the_full_window_is_answered_by_naming_it(server, browser, channel):
    """A client may ask for a window of 15 bits, which it would get anyway."""
    page = browser.page(f"/on/{channel}")
    offer = ClientPerMessageDeflateFactory(server_max_window_bits=15)
    with browser.open(page, extensions=[offer]) as socket:
        browser.post(f"/push/{channel}", json="the same again " * 100)

        assert socket.payloads(1) == ["the same again " * 100]


@ON_TWO_SERVERS
def test_deflated_push_is_inflated_without_context(server, browser, channel):
    """Each compressed push can be inflated without the ones before it."""
    page = browser.page(f"/on/{channel}")
    large = [{"number": number, "text": "the same again " * 100} for number in range(3)]
    with RawSocket(server, browser, page, deflate=True) as raw:
        for one in large:
            browser.post(f"/push/{channel}", json=one)
        payloads = [json.loads(raw.receive_inflated())["payload"] for _ in large]

    assert payloads == large
    assert raw.deflated_frames == 3


def test_flood_is_answered_429_and_then_closed(raw):
    """Messages beyond the rate limit are answered 429, and far beyond it the socket is closed with
    1008."""
    raw.send_many_aside(1, PING, 10_000)

    statuses, code = [], None
    while code is None:
        opcode, payload = raw.receive()
        if opcode == 8:
            (code,) = struct.unpack("!H", payload[:2])
        else:
            statuses.append(json.loads(payload)["status"])

    assert code == 1008
    assert statuses[:400] == [200] * 400
    assert 429 in statuses
