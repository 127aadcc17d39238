"""The peer's frames (RFC 6455 section 5.2): whole text messages, read without ceremony.

Nearly all that a page sends are messages of one frame that came whole. wsproto takes 35 us to read
one, a tenth of what it takes to answer a call; what is anything else is left to it.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from ..threads.turns import Turns

_TEXT = 0x81
_DEFLATED_TEXT = 0xC1
_FINAL = 0x80
_CONTROL = 0x08
_MASKED = 0x80
_MASK_BYTES = 4
# What most messages stay below, inflated.
SMALL_BYTES = 16 * 1024
# Every flush of the peer's ended with these, which are not sent (RFC 7692 section 7.2.2).
DEFLATE_TAIL = b"\x00\x00\xff\xff"


class Head(NamedTuple):
    """What stands before a frame's payload.

    :param first: the byte with its kind and whether it ends its message.
    :param size: of the head itself, the mask included.
    """

    first: int
    is_masked: bool
    size: int
    length: int


def read_head(data: bytes, at: int = 0) -> Head | None:
    """The head that begins at *at*; None if it has not come whole."""
    if len(data) < at + 2:
        return None
    length, size = data[at + 1] & 0x7F, 2
    if length > 125:
        size = 4 if length == 126 else 10
        if len(data) < at + size:
            return None
        length = int.from_bytes(data[at + 2 : at + size], "big")
    is_masked = bool(data[at + 1] & _MASKED)
    if is_masked:
        size += _MASK_BYTES
    return Head(data[at], is_masked, size, length) if len(data) >= at + size else None


class FrameReader:
    """Reads messages that are one text frame each, from where no other has begun.

    :param deflates: whether the peer may send deflated ones.
    :param most: so many bytes of one are inflated here; it is longer than any message may be.
    :param turns: those of all sockets' readers.
    """

    __slots__ = ("_is_open", "_kinds", "_left", "_most", "_part", "_turns")

    def __init__(self, deflates: bool, most: int, turns: Turns) -> None:
        self._turns = turns
        self._kinds = (_TEXT, _DEFLATED_TEXT) if deflates else (_TEXT,)
        self._most = most
        # Of what was skipped: a head of which a part has come, a frame's bytes that are to come,
        # and whether its message goes on in another frame.
        self._part = b""
        self._left = 0
        self._is_open = False

    @property
    def is_between(self) -> bool:
        """Whether the next byte begins a message."""
        return not (self._left or self._part or self._is_open)

    def read(self, data: bytes, at: int) -> tuple[str, int] | None:
        """The message that begins at *at*, and where it ends; None for one to be read elsewhere."""
        head = read_head(data, at)
        if head is None or not head.is_masked or head.first not in self._kinds:
            return None
        begin = at + head.size
        end = begin + head.length
        if end > len(data) or not _is_shortest(head):
            return None
        payload = _unmask(data[begin - _MASK_BYTES : begin], data[begin:end])
        try:
            text = self._inflate(payload) if head.first == _DEFLATED_TEXT else payload
            return None if text is None else (text.decode(), end)
        except (UnicodeDecodeError, zlib.error):
            return None

    def skip(self, data: bytes) -> None:
        """Note *data*, which is read elsewhere, to know when a message begins again."""
        data, self._part, at = self._part + data, b"", 0
        while at < len(data):
            if not self._left:
                head = read_head(data, at)
                if head is None:
                    self._part = data[at:]
                    return
                at += head.size
                self._left = head.length
                if not head.first & _CONTROL:
                    self._is_open = not head.first & _FINAL
            taken = min(self._left, len(data) - at)
            self._left -= taken
            at += taken

    def _inflate(self, payload: bytes) -> bytes | None:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        text = inflate(inflater, payload + DEFLATE_TAIL, self._most, self._turns)
        return None if inflater.unconsumed_tail or inflater.eof else text


def inflate(inflater: Any, data: bytes, most: int, turns: Turns) -> bytes:
    """Return what *data* inflates to, cut at *most* bytes.

    Much is inflated for one socket at a time: on threads all would be in memory at once.

    :param inflater: of ``zlib.decompressobj``.
    :raises zlib.error: if *data* was not deflated.
    """
    first: bytes = inflater.decompress(data, min(most, SMALL_BYTES))
    if len(first) < SMALL_BYTES or not inflater.unconsumed_tail:
        return first
    with turns.alone():
        rest: bytes = inflater.decompress(inflater.unconsumed_tail, most - len(first) or 1)
    return first + rest


def _is_shortest(head: Head) -> bool:
    """Whether the length is told in as few bytes as it takes, as it must be."""
    if head.size == 2 + _MASK_BYTES:
        return True
    return head.length > (125 if head.size == 4 + _MASK_BYTES else 0xFFFF)


def _unmask(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    masks = (mask * (size // _MASK_BYTES + 1))[:size]
    # As one large number: there is no other way to have C do it.
    return (int.from_bytes(payload, "big") ^ int.from_bytes(masks, "big")).to_bytes(size, "big")
