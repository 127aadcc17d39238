"""Reads the frames of a peer that are a whole text message each (RFC 6455 section 5.2).

Nearly every message of a page is one frame that comes in one piece. wsproto takes 35 us to read
such a frame, a tenth of the time that a call takes; this module takes 2.4 us. All other frames are
left to wsproto.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from ..threads.time_slice import TimeSlice

_TEXT = 0x81
_DEFLATED_TEXT = 0xC1
_FINAL = 0x80
_CONTROL = 0x08
_MASKED = 0x80
_MASK_BYTES = 4
# Most messages are smaller than this when they are inflated.
SMALL_BYTES = 16 * 1024
# A deflated message ends with these bytes, which are not sent (RFC 7692 section 7.2.2).
DEFLATE_TAIL = b"\x00\x00\xff\xff"


class Head(NamedTuple):
    """The bytes before a frame's payload.

    :param first: the first byte: the frame's kind, and whether the message ends with the frame.
    :param is_masked: whether the payload is masked, as every client's has to be.
    :param size: how many bytes the head has, with the mask.
    :param length: how many bytes the payload has.
    """

    first: int
    is_masked: bool
    size: int
    length: int


def read_head(data: bytes, at: int = 0) -> Head | None:
    """Return the head that begins at index *at*; None if not all of it is there yet."""
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
    """Reads the messages of one socket that are one text frame each.

    Frames that it leaves to wsproto are to be shown to :meth:`skip`.

    :param deflates: whether the peer may send deflated messages.
    :param most: how many bytes of a message are inflated at the most: more than a message may have.
    :param time_slice: shared by the readers of all sockets of the process.
    """

    __slots__ = ("_is_open", "_kinds", "_left", "_most", "_part", "_time_slice")

    def __init__(self, deflates: bool, most: int, time_slice: TimeSlice) -> None:
        self._time_slice = time_slice
        self._kinds = (_TEXT, _DEFLATED_TEXT) if deflates else (_TEXT,)
        self._most = most
        # What was skipped last: the bytes of a head that is not complete, how many bytes of a frame
        # are still to come, and whether the message goes on in another frame.
        self._part = b""
        self._left = 0
        self._is_open = False

    @property
    def is_between(self) -> bool:
        """Whether the next byte begins a message."""
        return not (self._left or self._part or self._is_open)

    def read(self, data: bytes, at: int) -> tuple[str, int] | None:
        """Read the message that begins at index *at*.

        :returns: the text, and the index at which the message ends; None if the message is to be
            read by wsproto.
        """
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
        """Follow *data*, which wsproto reads, to know where the next message begins."""
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
        text = inflate(inflater, payload + DEFLATE_TAIL, self._most, self._time_slice)
        return None if inflater.unconsumed_tail or inflater.eof else text


def inflate(inflater: Any, data: bytes, most: int, time_slice: TimeSlice) -> bytes:
    """Return what *data* inflates to, cut at *most* bytes.

    Whatever inflates to more than ``SMALL_BYTES`` waits for its turn, so that one large message at
    a time is in memory.

    :param inflater: what ``zlib.decompressobj`` returned.
    :param data: the deflated bytes.
    :param most: how many bytes may be returned.
    :param time_slice: shared by the readers of all sockets of the process.
    :raises zlib.error: if *data* was not deflated.
    """
    first: bytes = inflater.decompress(data, min(most, SMALL_BYTES))
    if len(first) < SMALL_BYTES or not inflater.unconsumed_tail:
        return first
    with time_slice.alone():
        rest: bytes = inflater.decompress(inflater.unconsumed_tail, most - len(first) or 1)
    return first + rest


def _is_shortest(head: Head) -> bool:
    """Return whether the head gives the length in as few bytes as possible, as it must."""
    if head.size == 2 + _MASK_BYTES:
        return True
    return head.length > (125 if head.size == 4 + _MASK_BYTES else 0xFFFF)


def _unmask(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    masks = (mask * (size // _MASK_BYTES + 1))[:size]
    # As two large numbers: Python has no other way to do this in C.
    return (int.from_bytes(payload, "big") ^ int.from_bytes(masks, "big")).to_bytes(size, "big")
