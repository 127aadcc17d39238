"""Has sockets come back whose sessions the app's store does not hold any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from zlib import crc32

from flask import Flask

from ..connection.connection import Connection
from ..errors import CloseCode
from ..identity.keys import session_of, shorten
from ..page.cookie_sessions import has_cookie_session
from ..registries.records import Disconnect, End
from ..threads.rare_warnings import RareWarnings
from .message_receiver import MessageReceiver

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

#: A process looks every ``TURN_SECONDS`` whether some of the sessions are lost, and at each session
#: once in ``TURNS`` such turns: every five minutes.
TURN_SECONDS = 5.0
TURNS = 60


class LostSessions:
    """Finds sockets whose session was deleted from the app's store, has expired there, or has
    another id.

    All sockets of the session are closed (1012), in all processes, each behind the message that it
    handles; what waits there is sent back, and none hears its channels any more. A page comes back
    if its browser has the cookie of a session with the same key by then, as after ``regenerate()``
    in another tab.

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
        """Look for some of the sessions in the app's store; ``TURNS`` calls look for each once.

        One socket of a session looks, in the queue of its messages, so that a slow store holds up
        no other socket. Sessions of strangers are left out: they show nothing that a log-out would
        have to end, and a message of theirs finds that they are lost.
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
