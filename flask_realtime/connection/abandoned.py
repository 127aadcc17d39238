"""Ends sockets that their server has dropped before it began them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ..errors import CloseCode
from .connection import Connection

#: How often a process looks for such sockets, in seconds.
ABANDONED_SECONDS = 5.0


class AbandonedSockets:
    """Finds sockets whose response nobody has begun or closed, and gives their places back.

    A middleware around the app that fails once the app has answered closes no response.

    :param connections: returns the sockets of this process.
    :param run: does a job on another thread, since the app's leave hooks may take long.
    """

    def __init__(
        self,
        connections: Callable[[], Iterable[Connection]],
        run: Callable[[Callable[[], None]], None],
    ) -> None:
        self._connections = connections
        self._run = run

    def sweep(self) -> None:
        """Have those ended that were dropped since the last call.

        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        for connection in self._connections():
            if connection.is_abandoned:
                self._run(partial(_end, connection))
                connection.is_abandoned = False


def _end(connection: Connection) -> None:
    connection.cut()
    connection.live(lambda: CloseCode.ABNORMAL)
