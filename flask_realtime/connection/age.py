"""Sends sockets away that have been open for long: they come back with the cookies of now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import CloseCode
from ..threads import clock
from .connection import Connection

# Sockets that came together, after a restart above all, do not go together: each goes somewhat
# earlier than it would have to, by up to this part of the time.
SPREAD = 0.1
# Multiples of it are spread evenly between 0 and 1, however many there are.
_GOLDEN_RATIO = 0.618033988749895


class AgeLimit:
    """How old a socket of this process may get.

    An open socket goes on with the session that it began with. Where nothing else ends that, a
    time does.

    :param connections: returns the sockets that live here.
    :param seconds: how old one may get; None: as old as it likes.
    """

    def __init__(
        self, connections: Callable[[], Sequence[Connection]], seconds: float | None
    ) -> None:
        self._connections = connections
        self._seconds = seconds

    def sweep(self) -> None:
        """Close the sockets that are too old (1012): their pages come back, and miss nothing."""
        if self._seconds is None:
            return
        now = clock.monotonic()
        for connection in self._connections():
            share = int(connection.name) * _GOLDEN_RATIO % 1
            if now - connection.opened_at > self._seconds * (1 - SPREAD * share):
                connection.close(CloseCode.SERVICE_RESTART, "Open for long; come back.")
