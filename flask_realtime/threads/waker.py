"""Wakes a thread that waits in a selector."""

from __future__ import annotations

import contextlib
import socket


class Waker:
    """A socketpair: the selector watches one end, and anyone may ring at the other."""

    def __init__(self) -> None:
        self._watched, self._bell = socket.socketpair()
        self._watched.setblocking(False)
        self._bell.setblocking(False)

    def fileno(self) -> int:
        """What the selector watches for reading."""
        return self._watched.fileno()

    def ring(self) -> None:
        """Wake the thread, now or when it waits the next time; any thread may."""
        # Full: it rings already. Closed: nobody is there.
        with contextlib.suppress(OSError):
            self._bell.send(b"\0")

    def silence(self) -> None:
        """Take in that it rang."""
        with contextlib.suppress(BlockingIOError):
            self._watched.recv(4096)

    def close(self) -> None:
        """Let go of both ends, once no selector watches."""
        self._watched.close()
        self._bell.close()
