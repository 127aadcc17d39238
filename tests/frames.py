"""Makes WebSocket frames as a client sends them."""

from __future__ import annotations

# With a mask of zeros a frame counts as masked, and its payload can be read as it stands.
NO_CHANGE = b"\0\0\0\0"


def client_frame(payload, first=0x81, mask=NO_CHANGE, size=None):
    """Return the bytes of one frame, by default of a whole text message.

    :param payload: bytes.
    :param first: the frame's first byte, which holds FIN, the reserved bits and the opcode.
    :param mask: four bytes, or None for a frame without a mask.
    :param size: in how many bytes the frame says how long it is: 1, 3 or 9; None for the shortest.
    """
    length = len(payload)
    size = size or (1 if length < 126 else 3 if length < 65536 else 9)
    told = {1: length, 3: 126, 9: 127}[size]
    extended = length.to_bytes(size - 1, "big") if size > 1 else b""
    if mask not in (None, NO_CHANGE):
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes([first, told | (0x80 if mask else 0)]) + extended + (mask or b"") + payload
