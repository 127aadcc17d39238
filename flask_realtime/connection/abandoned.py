"""Ends sockets that their server has dropped before it began them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..errors import CloseCode
from .connection import Connection

#: How often a process looks for such sockets, in seconds.
ABANDONED_SECONDS = 5.0


class AbandonedSockets:
    """Finds sockets whose response nobody has begun or closed, and gives their places back.

    A middleware around the app that fails once the app has answered closes no response.

    :param connections: returns the sockets of this process.
    """

    def __init__(self, connections: Callable[[], Iterable[Connection]]) -> None:
        self._connections = connections

    def sweep(self) -> None:
        """End those that were dropped since the last call."""
        for connection in self._connections():
            if connection.is_abandoned:
                connection.is_abandoned = False
                connection.cut()
                connection.live(lambda: CloseCode.ABNORMAL)
