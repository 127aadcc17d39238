"""Text to WebSocket frames (RFC 6455 section 5), plain and deflated, shared by all receivers."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..threads.pause import let_others_run

# The first byte of a frame: it is the last of its message, and of this kind.
_TEXT = 0x81
_CLOSE = 0x88
_PING = 0x89
# Reserved bit 1: the message is deflated (RFC 7692 section 6).
_DEFLATED = 0x40

# Below this there is hardly a repetition to find: prose loses fewer bytes than its packet's headers
# have, and every client would have to inflate it.
SMALLEST_DEFLATED = 256
_MAX_CONTROL_BYTES = 125
# To deflate 4 MB takes 275 ms. Under gevent nobody else would run meanwhile, so there is a pause
# after each piece of this size.
PIECE_BYTES = 64 * 1024


class Frame:
    """One message as bytes, made once for all who get it.

    :param channel: whose message it is; empty for anything else.
    :param before: where one stands on the channel who has all before this, and not this.
    :param publication: the push that it carries, without the payload; None for anything else.
    """

    __slots__ = ("_deflated", "before", "channel", "plain", "publication")

    def __init__(
        self,
        text: str,
        channel: str = "",
        before: Position | None = None,
        publication: Publication | None = None,
    ) -> None:
        payload = text.encode()
        self.plain = _head(_TEXT, len(payload)) + payload
        self.channel = channel
        self.before = before
        self.publication = publication
        self._deflated: bytes | None = None

    @property
    def deflated(self) -> bytes:
        """The message for clients that negotiated permessage-deflate; plain where that is shorter.

        Whoever holds a lock calls :meth:`deflate` before it takes the lock.
        """
        if self._deflated is None:
            self._deflated = _deflate(self.plain, _no_pause)
        return self._deflated

    def deflate(self) -> None:
        """Make :attr:`deflated`, with pauses for others; no lock may be held.

        It is made without a context, so that the same bytes serve all receivers.
        """
        if self._deflated is None:
            self._deflated = _deflate(self.plain, let_others_run)


def push_frame(publication: Publication, spread: int = 0) -> Frame:
    """Return the frame of a push.

    :param spread: over how many milliseconds its receivers shall spread what they do about it.
    """
    head = f'{{"channel": {json.dumps(publication.channel)}'
    text = f'{head}, "{publication.route.kind}": {publication.payload}'
    if spread:
        text += f', "spread": {spread}'
    if publication.is_ephemeral:
        # Without a channel of its own: what an outbox has not sent of it is not missing anywhere.
        return Frame(f"{text}}}")
    return Frame(
        f'{text}, "position": "{publication.position}"}}',
        publication.channel,
        publication.before,
        # Without the payload, which stands in the text: a frame that waits holds it once.
        Publication(
            publication.channel,
            publication.position,
            publication.previous_tag,
            "",
            publication.route,
        ),
    )


def lost_frame(channel: str, position: Position, before: Position | None) -> Frame:
    """The frame that says: what came between *before* and *position* can't be had any more."""
    text = json.dumps({"channel": channel, "lost": True, "position": str(position)})
    return Frame(text, channel, before)


def text_frame(text: str) -> Frame:
    """The frame of any other message."""
    return Frame(text)


def close_frame(code: int, reason: str = "") -> bytes:
    """The frame that closes a socket (section 5.5.1); *reason* is cut to what fits."""
    text = reason.encode()[: _MAX_CONTROL_BYTES - 2].decode(errors="ignore").encode()
    payload = struct.pack("!H", code) + text
    return _head(_CLOSE, len(payload)) + payload


def ping_frame() -> bytes:
    """The frame that asks for a sign of life (section 5.5.2)."""
    return _head(_PING, 0)


def _deflate(plain: bytes, pause: Callable[[], None]) -> bytes:
    payload = memoryview(plain)[_head_size(plain) :]
    if len(payload) < SMALLEST_DEFLATED:
        return plain
    # Level 3: the highest that is hardly slower than 1 on a message of 4 KB; 6 saves 2 % more.
    compressor = zlib.compressobj(3, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = []
    for start in range(0, len(payload), PIECE_BYTES):
        if start:
            pause()
        pieces.append(compressor.compress(payload[start : start + PIECE_BYTES]))
    pieces.append(compressor.flush(zlib.Z_SYNC_FLUSH))
    # Every such flush ends with these four bytes, which are not sent (RFC 7692 section 7.2.1).
    body = b"".join(pieces).removesuffix(b"\x00\x00\xff\xff")
    return plain if len(body) >= len(payload) else _head(_TEXT | _DEFLATED, len(body)) + body


def _no_pause() -> None:
    """For who must not let others run."""


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return struct.pack("!BB", first, length)
    if length < 65536:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)


def _head_size(frame: bytes) -> int:
    return {126: 4, 127: 10}.get(frame[1], 2)
