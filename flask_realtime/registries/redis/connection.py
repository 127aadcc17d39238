"""One open connection to Redis."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from .address import RedisAddress
from .resp import INCOMPLETE, Argument, ReplyReader, pack

RECEIVE_BYTES = 65536


class Deadline:
    """The moment at which one call must be over, however many steps it takes."""

    __slots__ = ("_at", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = time.monotonic() + seconds

    @property
    def is_half_over(self) -> bool:
        """Whether what has taken until now would take too long a second time."""
        return time.monotonic() > self._at - self.seconds / 2

    def remaining(self) -> float:
        """Seconds left.

        :raises LinkLost: if there are none.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise LinkLost(f"no answer within {self.seconds:g} s", is_late=True)
        return left


class LinkLost(Exception):
    """A connection could not be made, or broke; *replies* had come before it did.

    :param is_late: the deadline is over, so that another attempt has no time.
    """

    def __init__(self, reason: str, is_late: bool = False) -> None:
        super().__init__(reason)
        self.is_late = is_late
        self.replies: list[Any] = []


class RedisConnection:
    """A connection to Redis that redis-py made, logged in, and handed over to us.

    :raises LinkLost: if there is none before *deadline*.
    """

    __slots__ = ("_connection", "generation", "is_loaded", "reader", "socket", "used_at")

    def __init__(self, address: RedisAddress, deadline: Deadline) -> None:
        import redis

        self.generation = 0
        self.used_at = 0.0
        self.is_loaded = False
        self.reader = ReplyReader()
        # Half: "localhost" has two addresses, each of which may keep us waiting.
        self._connection = address.connection(deadline.remaining() / 2)
        try:
            self._connection.connect()
        except (redis.RedisError, OSError) as error:
            # Not chained: a log of this shows no frame that holds the options.
            raise LinkLost(address.without_secrets(str(error)), deadline.is_half_over) from None
        # kombu takes it likewise: redis-py has no public name for what it connected.
        self.socket = self._connection._sock

    def exchange(self, commands: Sequence[Sequence[Argument]], deadline: Deadline) -> list[Any]:
        """Send *commands* and return their replies, of which some may be a ErrorReply.

        :raises LinkLost: if they have not all come before *deadline*.
        """
        replies: list[Any] = []
        try:
            self.send_commands(commands, deadline)
            while len(replies) < len(commands):
                reply = self.reader.next()
                if reply is INCOMPLETE:
                    self.receive(deadline)
                else:
                    replies.append(reply)
        except LinkLost as error:
            error.replies = replies
            raise
        except ValueError as error:
            raise LinkLost(str(error)) from None
        return replies

    def send_commands(self, commands: Sequence[Sequence[Argument]], deadline: Deadline) -> None:
        """Send *commands* whole.

        :raises LinkLost: if they have not been taken before *deadline*.
        """
        try:
            self.socket.settimeout(deadline.remaining())
            self.socket.sendall(pack(commands))
        except TimeoutError:
            deadline.remaining()
            raise LinkLost("nothing was taken in time", is_late=True) from None
        except OSError as error:
            raise LinkLost(f"the connection broke: {error}") from None

    def receive(self, deadline: Deadline) -> None:
        """Give the reader what has come; waits for the first of it.

        :raises LinkLost: if nothing has come before *deadline*.
        """
        try:
            self.socket.settimeout(deadline.remaining())
            data: bytes = self.socket.recv(RECEIVE_BYTES)
        except TimeoutError:
            raise LinkLost(f"no answer within {deadline.seconds:g} s", is_late=True) from None
        except OSError as error:
            raise LinkLost(f"the connection broke: {error}") from None
        if not data:
            raise LinkLost("the connection was closed")
        self.reader.feed(data)

    def close(self) -> None:
        """Close it; doing it twice is no error."""
        self._connection.disconnect()
