"""Reads from the kernel when data arrived, so that a slow load client does not add to a latency."""

from __future__ import annotations

import socket
import struct

# The option SO_TIMESTAMPNS, which the socket module lacks.
_TIMESTAMPS = 35


def note_times(sock):
    """Let the kernel note when data for *sock* arrives, from now on."""
    sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)


def receive(sock, size):
    """Return data, and the time at which it arrived, in seconds since 1970."""
    data, ancillary, _, _ = sock.recvmsg(size, 64)
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMPS:
            seconds, nanoseconds = struct.unpack("qq", value)
            return data, seconds + nanoseconds / 1e9
    # Only the end of the connection comes without a time.
    return data, 0.0
