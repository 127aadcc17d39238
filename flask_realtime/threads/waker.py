"""Wakes a thread that waits in a selector."""

from __future__ import annotations

import contextlib
import socket


class Waker:
    """A socketpair: the selector watches one end, and any thread may write to the other."""

    def __init__(self) -> None:
        self._watched, self._bell = socket.socketpair()
        self._watched.setblocking(False)
        self._bell.setblocking(False)

    def fileno(self) -> int:
        """Return the fd that the selector watches for reading."""
        return self._watched.fileno()

    def ring(self) -> None:
        """Wake the thread now, or when it next waits. Any thread may call this."""
        # Full: the thread is about to wake already. Closed: the thread has ended.
        with contextlib.suppress(OSError):
            self._bell.send(b"\0")

    def silence(self) -> None:
        """Note that the thread is awake: the next :meth:`ring` wakes it again."""
        with contextlib.suppress(BlockingIOError):
            self._watched.recv(4096)

    def close(self) -> None:
        """Close both ends. No selector may watch them any more."""
        self._watched.close()
        self._bell.close()
