"""Whose sockets are to be closed, and who is put out of a channel: announced to every process, and
kept for those that miss it."""

from __future__ import annotations

from typing import Any

from ..records import Disconnect, RegistryEvents
from . import scripts
from .connection import Deadline
from .keys import RedisKeys
from .pool import RedisPool

# Longer than any process that still serves goes without hearing Redis, amply.
KEPT_SECONDS = 600
MOST_KEPT = 10_000
READ_AT_ONCE = 1000


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

    def announce(self, order: Disconnect, deadline: Deadline) -> None:
        """Have every other process close the sockets that *order* names."""
        names = (order.digest or "", order.session or "", order.user or "")
        self._announce(":".join((*names, str(order.code))), deadline)

    def announce_unsubscribe(self, user: str, channel: str, deadline: Deadline) -> None:
        """Have every other process take a user's pages off a channel."""
        self._announce(f"::{user}::{channel}", deadline)

    def _announce(self, order: str, deadline: Deadline) -> None:
        text = f"{self._process}:{order}"
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

    def hear(self, data: bytes, receiver: RegistryEvents) -> None:
        """Take what was announced."""
        at, _, text = data.partition(b" ")
        self._at = at or self._at
        self._take(text, receiver)

    def catch_up(self, receiver: RegistryEvents, deadline: Deadline) -> None:
        """Take what was announced while nothing was heard."""
        while self._at is not None:
            behind = b"(" + self._at
            newer = ("XRANGE", self._keys.disconnects, behind, "+", "COUNT", READ_AT_ONCE)
            (entries,) = self._pool.ask([newer], deadline)
            for entry in entries:
                self._take_entry(entry, receiver)
            if len(entries) < READ_AT_ONCE:
                return

    def _take_entry(self, entry: Any, receiver: RegistryEvents) -> None:
        self._at, (_, text) = entry
        self._take(text, receiver)

    def _take(self, text: bytes, receiver: RegistryEvents) -> None:
        process, digest, session, user, code, *channel = text.decode().split(":", 5)
        if process == self._process:
            return
        if channel:
            receiver.unsubscribed(user, channel[0])
        else:
            receiver.disconnected(
                Disconnect(digest or None, session or None, user or None, int(code))
            )
