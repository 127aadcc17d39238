"""RFC 6455 on one fd, by simple-websocket, which composes and reads, and never writes itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from simple_websocket import Server
from wsproto.connection import Connection as WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

from .connection import Connection
from .errors import CloseCode

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

# What 16 KiB inflate to (16 MiB at most) is looked at before the next bytes are read.
RECEIVE_BYTES = 16 * 1024
# Neither side keeps a compressor or an inflater between messages: they cost 100 KB a socket.
DEFLATE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


class WebSocket:
    """RFC 6455 on one fd, by simple-websocket: reads on the caller's thread, writes nothing itself.

    The object stands in for the TCP socket: what the protocol sends goes to the connection.
    """

    __slots__ = ("_composed", "_connection", "_inbox", "_server", "accept", "deflates")

    def __init__(self, environ: WSGIEnvironment, max_message_bytes: int) -> None:
        self._connection: Connection | None = None
        self._composed = bytearray()
        self._inbox: list[str | bytes] = []
        #: The peer takes deflated frames.
        self.deflates = _wants_deflate(environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", ""))
        self._server = Server(
            {"werkzeug.socket": self, **_handshake_headers(environ, self.deflates)},
            receive_bytes=RECEIVE_BYTES,
            max_message_size=max_message_bytes,
            thread_class=_Later,
            event_class=lambda: self,
        )
        self._server.environ = None
        # Without the handshake, of which nothing is wanted any more: 2 KB a socket.
        self._server.ws = _Protocol(self._server.ws.connection, self)
        self._inbox = self._server.input_buffer
        #: The 101, whole, until the socket runs.
        self.accept = bytes(self._composed)
        self._composed = bytearray()

    def run(self, connection: Connection) -> int:
        """Read until the socket ends; returns the code it was closed with."""
        self._connection = connection
        self.accept = b""
        self._server.thread.run()
        return int(self._close_code())

    # What simple-websocket calls on its socket.

    def recv(self, size: int) -> bytes:
        """The peer's next bytes."""
        assert self._connection is not None
        return self._connection.receive(size)

    def send(self, data: bytes) -> int:
        """Take what the protocol answers by itself: the 101, close frames."""
        if self._connection is None:
            self._composed += data
        else:
            self._connection.write(bytes(data))
        return len(data)

    def close(self) -> None:
        """Nothing: the fd is the server's."""

    # What simple-websocket calls on its event.

    def set(self) -> None:
        """Hand on the messages that are complete."""
        assert self._connection is not None and self._connection.receiver is not None
        while self._inbox:
            message = self._inbox.pop(0)
            try:
                self._connection.receiver.received(message)
            except Exception:
                # An OSError would end simple-websocket's loop without a word.
                logger.exception("Receiving a message failed; closing its socket.")
                self._connection.close(CloseCode.INTERNAL_ERROR, "An error of the server's.")

    def clear(self) -> None:
        """Nothing: nobody waits."""

    def heed(self, events: Iterator[Event]) -> Iterator[Event]:
        """Answer pings in their turn: simple-websocket would do so only behind the messages that
        came along with them, of which one may have to wait for room."""
        assert self._connection is not None and self._connection.receiver is not None
        for event in events:
            self._connection.yield_turn()
            is_heeded = _is_message_end(event) or self._connection.receiver.takes_frame()
            if not isinstance(event, Ping):
                yield event
            elif is_heeded:
                self._connection.write(self._server.ws.send(event.response()))

    def _close_code(self) -> int:
        state, reason = self._server.ws.state, self._server.close_reason
        if state is ConnectionState.OPEN:
            return CloseCode.ABNORMAL
        if state is ConnectionState.LOCAL_CLOSING and reason == CloseCode.NO_STATUS:
            return CloseCode.TOO_BIG
        return int(reason)


class _Protocol:
    """wsproto's connection after the handshake, with a say in its events."""

    __slots__ = ("_connection", "_websocket")

    def __init__(self, connection: WSConnection, websocket: WebSocket) -> None:
        self._connection = connection
        self._websocket = websocket

    @property
    def state(self) -> ConnectionState:
        return self._connection.state

    def receive_data(self, data: bytes) -> None:
        self._connection.receive_data(data)

    def send(self, event: Event) -> bytes:
        return self._connection.send(event)

    def events(self) -> Iterator[Event]:
        return self._websocket.heed(self._connection.events())


class _Later:
    """In place of simple-websocket's reading thread: its target is run by who wants to be it."""

    __slots__ = ("name", "run")

    def __init__(self, target: Callable[[], None]) -> None:
        self.name = ""
        self.run = target

    def start(self) -> None:
        """Not yet."""


def _is_message_end(event: Event) -> bool:
    """Whether it is counted elsewhere, as a message is, or nothing follows it."""
    if isinstance(event, TextMessage | BytesMessage):
        return event.message_finished
    return isinstance(event, CloseConnection)


def _handshake_headers(environ: WSGIEnvironment, deflates: bool) -> dict[str, str]:
    wanted = (
        "HTTP_HOST",
        "HTTP_UPGRADE",
        "HTTP_CONNECTION",
        "HTTP_SEC_WEBSOCKET_KEY",
        "HTTP_SEC_WEBSOCKET_VERSION",
    )
    headers = {key: environ[key] for key in wanted if key in environ}
    if deflates:
        headers["HTTP_SEC_WEBSOCKET_EXTENSIONS"] = DEFLATE
    return headers


def _wants_deflate(extensions: str) -> bool:
    """Whether an offer can be met by frames deflated with the full window (RFC 7692)."""
    for offer in extensions.split(","):
        name, *parameters = [part.strip() for part in offer.split(";")]
        if name == "permessage-deflate" and all(
            _is_full_window(parameter) for parameter in parameters
        ):
            return True
    return False


def _is_full_window(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() != "server_max_window_bits" or value.strip(' "') == "15"
