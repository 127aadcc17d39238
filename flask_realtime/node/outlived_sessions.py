"""Closes sockets that have outlived their browser sessions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from ..connection.connection import Connection
from ..errors import CloseCode
from ..identity.keys import session_of, shorten

logger = logging.getLogger(__name__)

#: How often a process looks for such sockets: less often than an answer takes to its browser.
OUTLIVED_SECONDS = 60.0
# How many sessions are asked about in one call.
SESSIONS_AT_ONCE = 500


class OutlivedSessions:
    """Finds sockets that are still open although their session has ended, and closes them.

    The order to close them follows the answer to a log-out. It is lost if the process ends before
    it has sent that answer, or if a WSGI middleware never closes the answer.

    :param connections: returns the sockets of this process.
    :param has_ended: returns whether any of some sessions has ended.
    """

    def __init__(
        self,
        connections: Callable[[], Sequence[Connection]],
        has_ended: Callable[[Collection[str]], bool],
    ) -> None:
        self._connections = connections
        self._has_ended = has_ended
        self._found: frozenset[str] = frozenset()

    def sweep(self) -> None:
        """Close the sockets (4001) of sessions that had ended at the last call already.

        Of others the answer to the log-out may be under way, and the page would come back before
        its browser has the next cookie.

        :raises RegistryUnavailable: if the registry cannot be asked.
        """
        connections = [one for one in self._connections() if one.is_open]
        sessions = list(dict.fromkeys(session_of(one.digest) for one in connections))
        ended = [
            one
            for start in range(0, len(sessions), SESSIONS_AT_ONCE)
            for one in self._ended_among(sessions[start : start + SESSIONS_AT_ONCE])
        ]
        outlived = self._found.intersection(ended)
        self._found = frozenset(ended)
        for connection in connections:
            if session_of(connection.digest) in outlived:
                logger.info(
                    "Socket %s is closed (4001): it has outlived its session.",
                    shorten(connection.digest),
                )
                connection.disconnect(CloseCode.SESSION_CHANGED, "The session changed.")

    def _ended_among(self, sessions: Sequence[str]) -> Sequence[str]:
        """Return those of *sessions* that have ended; nearly always there are none."""
        if not sessions or not self._has_ended(sessions):
            return ()
        if len(sessions) == 1:
            return sessions
        half = len(sessions) // 2
        return [*self._ended_among(sessions[:half]), *self._ended_among(sessions[half:])]
