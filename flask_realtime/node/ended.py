"""The socket of a page whose session has ended: it is told so, and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..connection.connection import Connection
from ..errors import CloseCode
from ..identity.keys import shorten

logger = logging.getLogger(__name__)


class EndedReceiver:
    """Receives nothing: the connection is closed behind its 101 (4001).

    A browser does not tell a script why a handshake was refused, so it is not: the page learns by
    the code that it has to be loaded anew.

    :param connection: the socket.
    :param gone: forgets it.
    """

    __slots__ = ("_connection", "_gone")

    def __init__(self, connection: Connection, gone: Callable[[Connection], None]) -> None:
        self._connection = connection
        self._gone = gone

    def turn_away(self) -> None:
        """Have the connection closed as soon as the handshake is answered."""
        logger.info(
            "Socket %s is closed (4001): its session has ended.", shorten(self._connection.digest)
        )
        self._connection.close(CloseCode.SESSION_CHANGED, "The session changed.")

    def opened(self) -> None:
        """Nothing is begun."""

    def received(self, message: str | bytes) -> None:
        """Nothing is answered."""

    def takes_frame(self) -> bool:
        """No frame is heeded."""
        return False

    def closed(self) -> None:
        """The socket has ended."""
        self._gone(self._connection)
