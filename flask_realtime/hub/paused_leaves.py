"""Connections that leave a paused channel as soon as its log is read up to where they left it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..protocol.positions import Position
from .members import Listener


class PausedLeaves:
    """Who leaves which paused channel, and behind which position: see :class:`.LateLeaves`.

    While Redis is not heard, a page may be pushed something, and then leave the channel. When its
    process reads the log, the page is to hear the one, and nothing that was pushed later.

    Not safe for threads: the lock of :class:`~.channels.Channels` is held around every call.
    """

    def __init__(self) -> None:
        #: By channel, the connections that are about to leave, each with its position.
        self.waiting: dict[str, dict[Listener, Position | None]] = {}

    def note(self, connection: Listener, name: str, end: Position | None) -> None:
        """Let *connection* leave a channel behind a position.

        :param end: the position; None: it is not known, and the connection leaves as soon as the
            channel pauses no longer.
        """
        self.waiting.setdefault(name, {})[connection] = end

    def has(self, connection: Listener, name: str) -> bool:
        """Return whether *connection* is about to leave a channel."""
        return connection in self.waiting.get(name, ())

    def place(self, connection: Listener, name: str) -> Position | None:
        """Return the position behind which *connection* leaves a channel, as far as it is known."""
        return self.waiting.get(name, {}).get(connection)

    def outboxes(self, name: str) -> set[Any]:
        """Return the outboxes of the connections that are about to leave a channel."""
        return {one.outbox for one in self.waiting.get(name, ())}

    def due(self, name: str, reached: Position | None) -> list[Listener]:
        """Return the connections that are to leave a channel now.

        :param reached: how far the channel has come; None: it pauses no longer, and all leave.
        """
        found: Mapping[Listener, Position | None] = self.waiting.get(name, {})
        return [
            connection
            for connection, end in found.items()
            if reached is None or (end is not None and not reached.is_before(end))
        ]

    def forget(self, name: str, connection: Listener) -> None:
        """Forget that *connection* is about to leave a channel, since it has."""
        found = self.waiting.get(name)
        if found is not None:
            found.pop(connection, None)
            if not found:
                del self.waiting[name]
