"""Text to WebSocket frames (RFC 6455 section 5), plain and deflated, shared by all receivers."""

from __future__ import annotations

import json
import struct
import zlib

from .positions import Position
from .protocol import Publication

FINAL_TEXT = 0x81
FINAL_CLOSE = 0x88
FINAL_PING = 0x89
FINAL_PONG = 0x8A
DEFLATED = 0x40
SMALLEST_DEFLATED = 200
MAX_CONTROL_BYTES = 125


class Frame:
    """One message as bytes, made once for all who get it."""

    __slots__ = ("_deflated", "_payload", "plain", "publication")

    def __init__(self, text: str, publication: Publication | None = None) -> None:
        payload = text.encode()
        self.plain = _header(FINAL_TEXT, len(payload)) + payload
        self.publication = publication
        self._deflated: bytes | None = None

    @property
    def deflated(self) -> bytes:
        if self._deflated is None:
            self._deflated = _deflate(self.plain)
        return self._deflated


def push_frame(publication: Publication) -> Frame:
    return Frame(
        f'{{"channel": {json.dumps(publication.channel)}, "payload": {publication.payload}, '
        f'"position": "{publication.position}"}}',
        publication,
    )


def lost_frame(channel: str, position: Position) -> Frame:
    return Frame(json.dumps({"channel": channel, "lost": True, "position": str(position)}))


def text_frame(text: str) -> Frame:
    return Frame(text)


def close_frame(code: int, reason: str = "") -> bytes:
    text = reason.encode()[: MAX_CONTROL_BYTES - 2].decode(errors="ignore").encode()
    payload = struct.pack("!H", code) + text
    return _header(FINAL_CLOSE, len(payload)) + payload


def ping_frame(payload: bytes = b"") -> bytes:
    return _header(FINAL_PING, len(payload)) + payload


def _deflate(plain: bytes) -> bytes:
    start = 2 if plain[1] < 126 else 4 if plain[1] == 126 else 10
    payload = memoryview(plain)[start:]
    if len(payload) < SMALLEST_DEFLATED:
        return plain
    compressor = zlib.compressobj(1, zlib.DEFLATED, -15)
    body = (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
    if len(body) >= len(payload):
        return plain
    return _header(FINAL_TEXT | DEFLATED, len(body)) + body


def _header(first: int, length: int) -> bytes:
    if length < 126:
        return struct.pack("!BB", first, length)
    if length < 65536:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)
