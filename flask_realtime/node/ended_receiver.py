"""Turns away the socket of a page whose session has ended, or belongs to another user now."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..connection.connection import Connection
from ..errors import CloseCode
from ..identity.keys import shorten

logger = logging.getLogger(__name__)


class EndedReceiver:
    """The receiver of a connection that is closed (4001) as soon as it is open.

    A browser does not tell a script why a handshake was refused. Therefore the handshake is
    accepted, and the page learns by the close code that it has to be loaded anew.

    :param connection: the socket.
    :param gone: forgets the connection.
    """

    __slots__ = ("_connection", "_gone")

    def __init__(self, connection: Connection, gone: Callable[[Connection], None]) -> None:
        self._connection = connection
        self._gone = gone

    def turn_away(self) -> None:
        """Have the connection closed as soon as the handshake is answered."""
        logger.info(
            "Socket %s is closed (4001): its session has ended, or its page is another user's.",
            shorten(self._connection.digest),
        )
        self._connection.close(CloseCode.SESSION_CHANGED, "The session changed.")

    def opened(self) -> None:
        """Begin nothing."""

    def received(self, message: str | bytes) -> None:
        """Answer nothing."""

    def takes_frame(self) -> bool:
        """Return False: no frame is read."""
        return False

    def closed(self) -> None:
        """Forget the connection."""
        self._gone(self._connection)
