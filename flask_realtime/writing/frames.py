"""Makes WebSocket frames (RFC 6455 section 5), once for all receivers, plain and deflated."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable

from ..protocol.messages import lost_message
from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..threads.pause import let_others_run

# The first byte of each kind of frame. All have the bit set that says: the message ends here.
_TEXT = 0x81
_CLOSE = 0x88
_PING = 0x89
# Reserved bit 1: the message is deflated (RFC 7692 section 6).
_DEFLATED = 0x40

# Shorter messages are not deflated: they have hardly any repetitions, so that prose would become
# shorter by fewer bytes than a packet's headers have, and every client would have to inflate it.
SMALLEST_DEFLATED = 256
_MAX_CONTROL_BYTES = 125
# How much is deflated between two pauses. Deflating 4 MB takes 275 ms, and under gevent nobody
# else would run meanwhile.
PIECE_BYTES = 64 * 1024


class Frame:
    """One message as the bytes of a frame, made once for all sockets that get it.

    :param text: the message.
    :param channel: the channel of which this is a push, or news of lost messages; empty for any
        other message.
    :param before: the position on *channel* of the message before this one. A socket is there that
        was sent everything before this frame, and not this frame.
    :param publication: the push that the frame carries, without its payload; None for any other
        message.
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
        """The frame for clients that negotiated permessage-deflate.

        It is the plain frame where that is shorter. Making it may take long: a caller that is about
        to take a lock calls :meth:`deflate` first.
        """
        if self._deflated is None:
            self._deflated = _deflate(self.plain, _no_pause)
        return self._deflated

    def deflate(self) -> None:
        """Make :attr:`deflated`, with pauses in which others run; the caller may hold no lock.

        The message is deflated without the context of earlier messages, so that the same bytes
        serve all receivers.
        """
        if self._deflated is None:
            self._deflated = _deflate(self.plain, let_others_run)


def push_frame(publication: Publication, spread: int = 0) -> Frame:
    """Return the frame of a push.

    :param publication: the push.
    :param spread: over how many milliseconds the pages that get it spread the requests that they
        make because of it; 0: they make them at once.
    """
    head = f'{{"channel": {json.dumps(publication.channel)}'
    text = f'{head}, "{publication.route.kind}": {publication.payload}'
    if spread:
        text += f', "spread": {spread}'
    if publication.is_ephemeral:
        # Without a channel: an outbox notes how far it has sent the log of each channel, and this
        # push is in no log.
        return Frame(f"{text}}}")
    return Frame(
        f'{text}, "position": "{publication.position}"}}',
        publication.channel,
        publication.before,
        # Without the payload, which the text has already: a frame that waits keeps it once.
        Publication(
            publication.channel,
            publication.position,
            publication.previous_tag,
            "",
            publication.route,
        ),
    )


def lost_frame(channel: str, position: Position, before: Position | None) -> Frame:
    """Return the frame that tells a page of lost messages on *channel*.

    :param position: from which the page goes on.
    :param before: the last position before the gap; None if the page had none.
    """
    return Frame(lost_message(channel, position), channel, before)


def text_frame(text: str) -> Frame:
    """Return the frame of a message that is no push, such as a reply."""
    return Frame(text)


def close_frame(code: int, reason: str = "") -> bytes:
    """Return the frame that closes a socket (RFC 6455 section 5.5.1).

    :param code: a close code.
    :param reason: a text, which is cut to the 123 bytes that fit.
    """
    text = reason.encode()[: _MAX_CONTROL_BYTES - 2].decode(errors="ignore").encode()
    payload = struct.pack("!H", code) + text
    return _head(_CLOSE, len(payload)) + payload


def ping_frame() -> bytes:
    """Return the frame that a peer answers with a pong (RFC 6455 section 5.5.2)."""
    return _head(_PING, 0)


def _deflate(plain: bytes, pause: Callable[[], None]) -> bytes:
    payload = memoryview(plain)[_head_size(plain) :]
    if len(payload) < SMALLEST_DEFLATED:
        return plain
    # Level 3 is hardly slower than level 1 on a message of 4 KB, and level 6 saves 2 % more.
    compressor = zlib.compressobj(3, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = []
    for start in range(0, len(payload), PIECE_BYTES):
        if start:
            pause()
        pieces.append(compressor.compress(payload[start : start + PIECE_BYTES]))
    pieces.append(compressor.flush(zlib.Z_SYNC_FLUSH))
    # Z_SYNC_FLUSH ends with these four bytes, which are not sent (RFC 7692 section 7.2.1).
    body = b"".join(pieces).removesuffix(b"\x00\x00\xff\xff")
    return plain if len(body) >= len(payload) else _head(_TEXT | _DEFLATED, len(body)) + body


def _no_pause() -> None:
    """Make no pause: for a caller that holds a lock."""


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return struct.pack("!BB", first, length)
    if length < 65536:
        return struct.pack("!BBH", first, 126, length)
    return struct.pack("!BBQ", first, 127, length)


def _head_size(frame: bytes) -> int:
    return {126: 4, 127: 10}.get(frame[1], 2)
