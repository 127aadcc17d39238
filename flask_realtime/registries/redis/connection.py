"""One open connection to Redis, and the deadline of a call."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import hiredis

from ...threads import clock
from ..lifetimes import PUSH_ID_SECONDS
from .address import RedisAddress
from .resp import INCOMPLETE, Argument, make_reader, pack

RECEIVE_BYTES = 65536


# How many seconds all steps of a call may take together, where each is in time: a push that is made
# again must find its push id known still.
LONGEST_SECONDS = PUSH_ID_SECONDS * 0.4


class Deadline:
    """The moment at which one call must be over, however many steps it takes.

    :param seconds: how long the call may take from now on.
    """

    __slots__ = ("_at", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at = clock.monotonic() + seconds

    @property
    def is_half_over(self) -> bool:
        """Whether a second attempt that takes as long as the first would come too late."""
        return clock.monotonic() > self._at - self.seconds / 2

    @property
    def left_ms(self) -> int:
        """How many ms are left; not more than 0 if the deadline is over."""
        return math.floor((self._at - clock.monotonic()) * 1000)

    def remaining(self) -> float:
        """Return the seconds that are left.

        :raises ConnectionLost: if there are none.
        """
        left = self._at - clock.monotonic()
        if left <= 0:
            raise ConnectionLost(f"no answer within {self.seconds:g} s", is_late=True)
        return left


class StepDeadlines:
    """The deadlines of a call that takes many steps, such as a push to every channel of an app.

    Each step may take as long as a whole call otherwise may: how many channels a pattern fits, and
    how many others push to it, is often up to strangers, and must not make the call fail. All steps
    together have a deadline too, whatever one step may take.

    :param seconds: how long one step may take.
    """

    __slots__ = ("_of_all", "_seconds")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._of_all = Deadline(max(seconds, LONGEST_SECONDS))

    def next(self) -> Deadline:
        """Return the deadline of a step that begins now."""
        is_last = self._of_all.left_ms < self._seconds * 1000
        return self._of_all if is_last else Deadline(self._seconds)


class ConnectionLost(Exception):
    """A connection to Redis could not be made, or broke.

    :param reason: what happened, for a log or an error.
    :param is_late: whether the deadline is over, so that there is no time for another attempt.
    """

    def __init__(self, reason: str, is_late: bool = False) -> None:
        super().__init__(reason)
        self.is_late = is_late
        #: The replies that had arrived before the connection broke.
        self.replies: list[Any] = []


class RedisConnection:
    """A connection to Redis: redis-py connects and logs in, this package sends and receives.

    :param address: where Redis is.
    :param deadline: the deadline of the call that needs the connection. If a name server does not
        answer, this constructor may take longer: see :mod:`.connecting`.
    :raises ConnectionLost: if Redis cannot be reached or refuses the login.
    """

    __slots__ = ("_connection", "_reader", "generation", "is_loaded", "socket", "used_at")

    def __init__(self, address: RedisAddress, deadline: Deadline) -> None:
        self.generation = 0
        self.used_at = 0.0
        self.is_loaded = False
        self._reader = make_reader()
        # Half of it: "localhost" has two addresses, and each may take that long.
        self._connection = address.connection(deadline.remaining() / 2)
        try:
            self._connection.connect()
        except (address.error, OSError) as error:
            # Not chained: a traceback in a log must not show a frame that holds the options.
            raise ConnectionLost(
                address.without_secrets(str(error)), deadline.is_half_over
            ) from None
        # redis-py has no public name for the socket that it connected; kombu reads this one too.
        self.socket = self._connection._sock

    def exchange(self, commands: Sequence[Sequence[Argument]], deadline: Deadline) -> list[Any]:
        """Send *commands* and return their replies; some may be an ``ErrorReply``.

        :raises ConnectionLost: if not all replies have arrived before *deadline*.
        """
        replies: list[Any] = []
        try:
            self.send_commands(commands, deadline)
            while len(replies) < len(commands):
                reply = self._next_reply()
                if reply is INCOMPLETE:
                    self.receive(deadline)
                else:
                    replies.append(reply)
        except ConnectionLost as error:
            error.replies = replies
            raise
        return replies

    def send_commands(self, commands: Sequence[Sequence[Argument]], deadline: Deadline) -> None:
        """Send *commands* completely.

        :raises ConnectionLost: if the kernel has not taken them all before *deadline*.
        """
        packed = pack(commands)
        try:
            self.socket.settimeout(deadline.remaining())
            self.socket.sendall(packed)
        except TimeoutError:
            deadline.remaining()
            raise ConnectionLost("nothing was taken in time", is_late=True) from None
        except OSError as error:
            raise ConnectionLost(f"the connection broke: {error}") from None

    def receive(self, deadline: Deadline) -> None:
        """Wait until some bytes have arrived, and read them, for :meth:`replies` to yield.

        :raises ConnectionLost: if nothing has arrived before *deadline*.
        """
        try:
            self.socket.settimeout(deadline.remaining())
            data: bytes = self.socket.recv(RECEIVE_BYTES)
        except TimeoutError:
            raise ConnectionLost(f"no answer within {deadline.seconds:g} s", is_late=True) from None
        except OSError as error:
            raise ConnectionLost(f"the connection broke: {error}") from None
        if not data:
            raise ConnectionLost("the connection was closed")
        self._reader.feed(data)

    def replies(self) -> Iterator[Any]:
        """Yield the replies that have arrived completely.

        :raises ConnectionLost: if the bytes after them are not Redis's protocol.
        """
        while (reply := self._next_reply()) is not INCOMPLETE:
            yield reply

    def close(self) -> None:
        """Close the connection; later calls do nothing."""
        self._connection.disconnect()

    def _next_reply(self) -> Any:
        try:
            return self._reader.gets()
        except hiredis.ProtocolError as error:
            raise ConnectionLost(f"what came is not Redis's protocol: {error}") from None
