"""When the kernel had what is read: how fast the load client reads is no part of a latency."""

from __future__ import annotations

import socket
import struct

# SO_TIMESTAMPNS, which Python does not name.
_TIMESTAMPS = 35


def note_times(sock):
    """Have *sock* say from now on when its data came."""
    sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)


def receive(sock, size):
    """What has come, and when, as ``time.time()`` would have said."""
    data, ancillary, _, _ = sock.recvmsg(size, 64)
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMPS:
            seconds, nanoseconds = struct.unpack("qq", value)
            return data, seconds + nanoseconds / 1e9
    # Nothing but the end of the connection has no time.
    return data, 0.0
