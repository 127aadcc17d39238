"""Has simple-websocket read a connection; what it wants to send, the connection writes.

The way of a byte that the peer sends: the kernel → ``Reading.receive`` (connection/reading.py), on
the thread of the socket's request → ``_Socket.recv`` → simple-websocket's loop →
``Protocol.receive_data`` and ``Protocol.events`` (protocol.py) → ``Receiver.received``
(node/message_receiver.py). simple-websocket itself hears of close frames and pongs alone.

The way of a byte that simple-websocket sends (pongs and answers to close frames):
``_Socket.send`` → ``Connection.write``, and from there as any other (writing/outbox.py).
"""

from __future__ import annotations

from collections.abc import Callable

from simple_websocket import Server
from wsproto.connection import ConnectionState

from ..connection.connection import Connection
from ..errors import CloseCode
from .protocol import Protocol

RECEIVE_BYTES = 16 * 1024


def read(connection: Connection, deflates: bool, max_message_bytes: int) -> int:
    """Read *connection*, and hand on its messages, until the socket ends.

    Everything happens on the caller's thread.

    :param deflates: whether the peer may send deflated messages.
    :param max_message_bytes: how large a message may be.
    :returns: the code with which the socket was closed.
    """
    adapter = Adapter(connection, deflates, max_message_bytes)
    adapter.thread.run()
    return adapter.close_code


class Adapter(Server):  # type: ignore[misc]
    """simple-websocket's server, with parts of this package in place of the system's.

    Its socket writes to the connection, and its thread is the caller's.

    :param connection: the connection that is read.
    :param deflates: whether the peer may send deflated messages.
    :param max_message_bytes: how many bytes a message may have.
    """

    def __init__(self, connection: Connection, deflates: bool, max_message_bytes: int) -> None:
        self.connection = connection
        self.deflates = deflates
        super().__init__(
            {"werkzeug.socket": _Socket(connection)},
            receive_bytes=RECEIVE_BYTES,
            max_message_size=max_message_bytes,
            thread_class=_CallersThread,
            event_class=_Event,
        )
        self.environ = None

    def handshake(self) -> None:
        """Begin behind the handshake, which this package has answered already.

        simple-websocket would write the handshake out as HTTP again, for h11 to parse. That takes a
        tenth of the time of a handshake, and keeps 3 KB for each socket.
        """
        self.ws = Protocol(self.connection, self.deflates, self.max_message_size)
        self.connected = True

    @property
    def close_code(self) -> int:
        """The close code that the peer was told."""
        state, reason = self.ws.state, self.close_reason
        if state is ConnectionState.OPEN:
            return CloseCode.ABNORMAL
        if state is ConnectionState.LOCAL_CLOSING and reason == CloseCode.NO_STATUS:
            return CloseCode.TOO_BIG
        return int(reason)


class _Socket:
    """Stands for the TCP socket of simple-websocket."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def recv(self, size: int) -> bytes:
        return self._connection.reading.receive(size)

    def send(self, data: bytes) -> int:
        self._connection.write(bytes(data))
        return len(data)

    def close(self) -> None:
        """Leave the fd open: the server that accepted it closes it."""


class _Event:
    """Stands for the event that simple-websocket sets for who waits for its messages: nobody."""

    __slots__ = ()

    def set(self) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""


class _CallersThread:
    """Stands for the reading thread of simple-websocket: the thread that calls ``run`` reads."""

    __slots__ = ("_target", "name")

    def __init__(self, target: Callable[[], None]) -> None:
        self.name = ""
        self._target: Callable[[], None] | None = target

    def start(self) -> None:
        """Do nothing yet."""

    def run(self) -> None:
        """Read, once."""
        # Let go of, since it is the adapter's own: only the garbage collector would free the two.
        target, self._target = self._target, None
        assert target is not None
        target()
