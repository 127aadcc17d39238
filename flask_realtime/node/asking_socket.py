"""The socket for which a large reply is made, as messages/large_replies.py asks it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from ..connection.connection import Connection
from ..writing.outbox import Outbox


class AskingSocket:
    """A socket that waits for a reply: an :class:`.Asker`.

    :param connection: the socket.
    :param has_room: see :meth:`.SlowReplies.has_room`.
    """

    __slots__ = ("_connection", "_has_room")

    def __init__(self, connection: Connection, has_room: Callable[[Outbox, int], bool]) -> None:
        self._connection = connection
        self._has_room = has_room

    def may_begin(self) -> bool:
        """Return whether the message that the socket has sent may still be handled."""
        return self._connection.is_receptive

    def is_waiting(self) -> bool:
        """Return whether the socket still waits for the reply."""
        return self._connection.is_open

    def has_room(self, coming: int) -> bool:
        """Return whether there is memory for replies without ending one that is being read.

        :param coming: how many bytes these replies have in all, this socket's among them.
        """
        return self._has_room(self._connection.outbox, coming)

    def owe(self, tokens: int) -> None:
        """Count the message as so many messages more, towards the socket's rate limit."""
        self._connection.bucket.owe(tokens)

    def alone(self) -> AbstractContextManager[None]:
        """Return a context for long work that waits for nothing; one socket is in it at a time."""
        return self._connection.reading.time_slice.alone()
