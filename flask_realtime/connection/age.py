"""Closes sockets that have been open for long: their pages come back with their present cookies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from ..errors import CloseCode
from ..threads import clock
from .connection import Connection

# Each socket is closed earlier than its age demands, by up to this part of the age: sockets that
# came together, after a restart for example, are not closed together.
SPREAD = 0.1
# The fractional parts of its multiples are spread evenly between 0 and 1, however many there are.
_GOLDEN_RATIO = 0.618033988749895


class AgeLimit:
    """Closes sockets of this process that are too old.

    An open socket goes on with the cookies that it began with, whatever cookies its browser has got
    since. This limits for how long.

    :param connections: returns the sockets of this process.
    :param seconds: how old a socket may get; None: there is no limit.
    :param of_users: returns how old the socket of a user may get, in seconds, since the sessions
        of users end by themselves; None: there is no such limit.
    """

    def __init__(
        self,
        connections: Callable[[], Sequence[Connection]],
        seconds: float | None,
        of_users: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._connections = connections
        self._seconds = inf if seconds is None else seconds
        self._of_users = of_users

    def sweep(self) -> None:
        """Close the sockets that are too old (1012). Their pages resume, and miss nothing."""
        told = self._of_users()
        of_users = self._seconds if told is None else min(self._seconds, told)
        if of_users == inf:
            return
        now = clock.monotonic()
        for connection in self._connections():
            share = int(connection.name) * _GOLDEN_RATIO % 1
            most = self._seconds if connection.user is None else of_users
            is_old = now - connection.opened_at > most * (1 - SPREAD * share)
            # A socket that was closed before its session ends would come back with the same cookie
            # again and again.
            has_ended = now > connection.session_ends_at
            if (is_old or has_ended) and connection.is_receptive:
                # A call that is being handled would be answered to nobody, and not repeated.
                connection.close_behind_work(
                    CloseCode.SERVICE_RESTART, "The socket has been open for long; reconnect."
                )
