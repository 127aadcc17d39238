"""RFC 6455 on one fd, by simple-websocket, which reads, and never writes itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING

from simple_websocket import Server
from wsproto.connection import Connection as Protocol
from wsproto.connection import ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import RemoteProtocolError, generate_accept_token

from ..connection.connection import Connection
from ..errors import CloseCode
from .frame_reader import FrameReader

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

# What 16 KiB inflate to (16 MiB at most) is looked at before the next bytes are read.
RECEIVE_BYTES = 16 * 1024
# Neither side keeps a compressor or an inflater between messages: they cost 100 KB a socket.
DEFLATE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
_WINDOW = "server_max_window_bits"


class WebSocket:
    """RFC 6455 on one fd, by simple-websocket: reads on the caller's thread, writes nothing itself.

    The object stands in for the TCP socket: what the protocol sends goes to the connection.
    """

    __slots__ = ("_connection", "_extension", "_inbox", "_key", "_server", "deflates")

    def __init__(self, environ: WSGIEnvironment, max_message_bytes: int) -> None:
        _check_headers(environ)
        self._connection: Connection | None = None
        self._extension = _agree(environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", ""))
        #: The peer takes deflated frames.
        self.deflates = bool(self._extension)
        self._server = _Server(
            {"werkzeug.socket": self},
            receive_bytes=RECEIVE_BYTES,
            max_message_size=max_message_bytes,
            thread_class=_Later,
            event_class=lambda: self,
        )
        self._server.environ = None
        self._inbox: list[str | bytes] = self._server.input_buffer
        self._key: str = environ["HTTP_SEC_WEBSOCKET_KEY"]

    @property
    def accept(self) -> bytes:
        """The 101, whole."""
        return _accept(self._key, self._extension)

    def run(self, connection: Connection) -> int:
        """Read until the socket ends; returns the code it was closed with."""
        self._connection = connection
        self._server.thread.run()
        return int(self._close_code())

    # What simple-websocket calls on its socket.

    def recv(self, size: int) -> bytes:
        """The peer's next bytes."""
        assert self._connection is not None
        return self._connection.reading.receive(size)

    def send(self, data: bytes) -> int:
        """Take what the protocol answers by itself: close frames."""
        assert self._connection is not None
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

    # What the protocol calls.

    def heed(self, events: Iterable[Event]) -> Generator[Event, None, None]:
        """Answer pings in their turn: simple-websocket would do so only behind the messages that
        came along with them, of which one may have to wait for room."""
        assert self._connection is not None and self._connection.receiver is not None
        for event in events:
            self._connection.reading.yield_turn()
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


class _Server(Server):  # type: ignore[misc]
    """A server whose handshake is over: simple-websocket would write it out as HTTP once more for
    h11 to parse, which takes a tenth of a handshake's time and leaves 3 KB a socket."""

    def handshake(self) -> None:
        self.ws = _Protocol(self.sock, self.max_message_size)
        self.connected = True


class _Protocol(Protocol):
    """wsproto's, for all but whole messages; *websocket* sees the events first."""

    def __init__(self, websocket: WebSocket, max_message_bytes: int) -> None:
        deflate = PerMessageDeflate()
        if websocket.deflates:
            deflate.accept(DEFLATE)
        self._websocket = websocket
        self._whole = FrameReader(websocket.deflates, max_message_bytes + 1)
        self._data = b""
        super().__init__(ConnectionType.SERVER, [deflate])

    def receive_data(self, data: bytes | None) -> None:
        if data is None or not self._whole.is_between:
            self._leave(data)
        else:
            self._data = data

    def events(self) -> Generator[Event, None, None]:
        return self._websocket.heed(self._events_of_all())

    def _events_of_all(self) -> Generator[Event, None, None]:
        data, at = self._data, 0
        self._data = b""
        while at < len(data) and (found := self._whole.read(data, at)) is not None:
            text, at = found
            yield TextMessage(data=text)
        if at < len(data):
            self._leave(data[at:])
        elif data:
            return
        yield from super().events()

    def _leave(self, data: bytes | None) -> None:
        if data is not None:
            self._whole.skip(data)
        super().receive_data(data)


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


def _check_headers(environ: WSGIEnvironment) -> None:
    connection = environ.get("HTTP_CONNECTION", "").lower().split(",")
    if "upgrade" not in (token.strip() for token in connection):
        raise RemoteProtocolError("Connection: Upgrade is missing.")
    if environ.get("HTTP_UPGRADE", "").lower() != "websocket":
        raise RemoteProtocolError("Upgrade: websocket is missing.")
    if not environ.get("HTTP_HOST"):
        raise RemoteProtocolError("Host is missing.")


def _accept(key: str, extension: str) -> bytes:
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + generate_accept_token(key.encode()),
    ]
    if extension:
        lines.append(b"Sec-WebSocket-Extensions: " + extension.encode())
    return b"\r\n".join([*lines, b"", b""])


def _agree(offers: str) -> str:
    """What is agreed on of the extensions offered; empty if none can be met by frames deflated
    with the full window (RFC 7692)."""
    for offer in offers.split(","):
        name, *parameters = [part.strip() for part in offer.split(";")]
        windows = [one for one in parameters if one.partition("=")[0].strip() == _WINDOW]
        if name == "permessage-deflate" and all(map(_is_full, windows)):
            # Section 7.1.2.1: an offer that names the window is accepted by naming it too.
            return f"{DEFLATE}; {_WINDOW}=15" if windows else DEFLATE
    return ""


def _is_full(window: str) -> bool:
    return window.partition("=")[2].strip(' "') == "15"
