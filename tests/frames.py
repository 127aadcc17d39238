"""What a client sends, byte by byte."""

from __future__ import annotations

# A mask of zeros is a mask, and leaves the bytes as they are.
NO_CHANGE = b"\0\0\0\0"


def client_frame(payload, first=0x81, mask=NO_CHANGE, size=None):
    """A frame, by default a whole text.

    :param first: its first byte: final, reserved bits, opcode.
    :param mask: four bytes; None for a frame that is not masked.
    :param size: how many bytes tell of the payload's length, if not the least.
    """
    length = len(payload)
    size = size or (1 if length < 126 else 3 if length < 65536 else 9)
    told = {1: length, 3: 126, 9: 127}[size]
    extended = length.to_bytes(size - 1, "big") if size > 1 else b""
    if mask not in (None, NO_CHANGE):
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes([first, told | (0x80 if mask else 0)]) + extended + (mask or b"") + payload
