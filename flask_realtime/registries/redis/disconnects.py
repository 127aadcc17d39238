"""Whose sockets are to be closed: announced to every process, and kept for those that miss it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import scripts
from .connection import Deadline
from .keys import RedisKeys
from .pool import RedisPool

# Longer than any process that still serves goes without hearing Redis, amply.
KEPT_SECONDS = 600
MOST_KEPT = 10_000
READ_AT_ONCE = 1000

#: Called with the digest of a client or of a session, and None for the other.
Disconnected = Callable[[str | None, str | None], None]


class RedisDisconnects:
    """One process's part.

    :param process: names it; it closes by itself the sockets that it has disconnected.
    """

    def __init__(self, pool: RedisPool, keys: RedisKeys, process: str) -> None:
        self._pool = pool
        self._keys = keys
        self._process = process
        # The last that was heard of, once it is known where the others stood.
        self._at: bytes | None = None

    def announce(self, digest: str | None, session: str | None, deadline: Deadline) -> None:
        """Have every other process close the sockets of a client, or of a session."""
        text = f"{self._process}:{digest or ''}:{session or ''}"
        lives = KEPT_SECONDS * 1000
        command = scripts.DISCONNECT(
            [self._keys.disconnects], (self._keys.everyone, text, MOST_KEPT, lives)
        )
        self._pool.ask([command], deadline)

    def begin(self, deadline: Deadline) -> None:
        """Find where the others stand, if this process has yet to: what is older is not for it."""
        if self._at is None:
            newest = ("XREVRANGE", self._keys.disconnects, "+", "-", "COUNT", 1)
            (entries,) = self._pool.ask([newest], deadline)
            at = entries[0][0] if entries else b"0-0"
            self._at = self._at or at

    def hear(self, data: bytes, disconnected: Disconnected) -> None:
        """Take what was announced."""
        at, _, text = data.partition(b" ")
        self._at = at or self._at
        self._take(text, disconnected)

    def catch_up(self, disconnected: Disconnected, deadline: Deadline) -> None:
        """Take what was announced while nothing was heard."""
        while self._at is not None:
            behind = b"(" + self._at
            newer = ("XRANGE", self._keys.disconnects, behind, "+", "COUNT", READ_AT_ONCE)
            (entries,) = self._pool.ask([newer], deadline)
            for entry in entries:
                self._take_entry(entry, disconnected)
            if len(entries) < READ_AT_ONCE:
                return

    def _take_entry(self, entry: Any, disconnected: Disconnected) -> None:
        self._at, (_, text) = entry
        self._take(text, disconnected)

    def _take(self, text: bytes, disconnected: Disconnected) -> None:
        process, digest, session = text.decode().split(":")
        if process != self._process:
            disconnected(digest or None, session or None)
