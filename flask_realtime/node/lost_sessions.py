"""Has sockets come back whose sessions the app's store does not hold any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from zlib import crc32

from flask import Flask

from ..connection.connection import Connection
from ..errors import CloseCode
from ..identity.keys import session_of, shorten
from ..page.sessions import has_cookie_session
from ..registries.records import Disconnect, End
from ..threads.rare_warnings import RareWarnings
from .message_receiver import MessageReceiver

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

#: How often a process looks for some of the lost sessions, and for how many turns it has had a look
#: at each: every five minutes.
TURN_SECONDS = 5.0
TURNS = 60


class LostSessions:
    """Finds sockets whose session was deleted from the app's store, has expired there, or has
    another id.

    All sockets of the session are closed (1012), in all processes. A page comes back if its browser
    has the cookie of a session with the same key by then, as after ``regenerate()`` in another tab.

    :param app: the app. Where the session is in its cookie, nothing is looked for.
    :param connections: returns the sockets of this process.
    :param end: carries out orders, here and in the other processes.
    """

    def __init__(
        self,
        app: Flask,
        connections: Callable[[], Sequence[Connection]],
        end: Callable[[Sequence[End]], object],
    ) -> None:
        self._app = app
        self._connections = connections
        self._end = end
        self._turn = 0

    def sweep(self) -> None:
        """Have some of the sessions looked for; within ``TURNS`` calls each one is, by one socket.

        Strangers have nothing to lose, and their messages tell soon enough. A socket looks when the
        messages before that are handled, so that a slow store holds up nobody else.
        """
        if has_cookie_session(self._app):
            return
        turn, self._turn = self._turn, self._turn + 1
        sessions: dict[str, list[Connection]] = {}
        for connection in self._connections():
            session = session_of(connection.digest)
            is_due = crc32(session.encode()) % TURNS == turn % TURNS
            if is_due and connection.user is not None and connection.is_receptive:
                sessions.setdefault(session, []).append(connection)
        for connections in sessions.values():
            # Another one each time: the sockets of one session may have come with several ids.
            self._look(connections[turn // TURNS % len(connections)])

    def come_back(self, connection: Connection) -> None:
        """Have all sockets of a lost session come back, in all processes.

        :param connection: one of these sockets.
        """
        logger.info(
            "Socket %s is closed (1012), and all others of its session: the session is not in its "
            "store under that id any more, or its cookie has ended.",
            shorten(connection.digest),
        )
        session = session_of(connection.digest)
        self._end([Disconnect(session=session, code=CloseCode.SERVICE_RESTART)])

    def _look(self, connection: Connection) -> None:
        receiver = connection.receiver
        if not isinstance(receiver, MessageReceiver):
            return

        def look() -> None:
            try:
                is_lost = (
                    connection.is_receptive and receiver.converse(keeps=False).has_lost_session()
                )
            except Exception as error:
                line = f"Whether sessions are in the app's store still could not be seen: {error!r}"
                warnings.warn("store", line)
            else:
                if is_lost:
                    self.come_back(connection)

        connection.jobs.submit(look)
