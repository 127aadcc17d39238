"""The flask-sock route: checks, handshake, and the response that is the socket.

The handshake runs in a Flask view; the socket lives in the iteration of that view's response,
which a WSGI server begins after Flask has popped the request's contexts.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from flask import Flask, Response, current_app, request, session
from flask.sessions import SessionMixin
from flask_sock import Sock
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule
from werkzeug.routing.exceptions import WebsocketMismatch
from wsproto.utilities import RemoteProtocolError

from ..config.settings import Config
from ..connection.connection import Connection
from ..errors import CloseCode, InvalidSetting
from ..identity.keys import CONNECTION_ID, is_allowed_origin, is_connection_id
from ..page.client import peek
from ..page.hosts import everywhere
from ..writing.fd import Descriptor, descriptor_for
from .servers import UnsupportedServer, client_socket
from .websocket import WebSocket

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

ENDPOINT = "realtime.socket"


class Refusal(Exception):
    """The handshake is refused before the 101: *status*, and the reason for the client's log."""

    def __init__(self, status: int, reason: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


class Handshake:
    """A handshake that was accepted: what is needed to be its socket.

    :param environ: the request's, as it is inside the app's middleware.
    """

    __slots__ = ("address", "connection_id", "descriptor", "environ", "resumes", "socket_key")

    def __init__(
        self, environ: WSGIEnvironment, descriptor: Descriptor, connection_id: str, socket_key: str
    ) -> None:
        self.environ = environ
        self.descriptor = descriptor
        self.connection_id = connection_id
        self.socket_key = socket_key
        self.resumes = request.args.get("resume") == "1"
        self.address = request.remote_addr or "an unknown address"


class Admission(Protocol):
    """What the extension makes of an accepted handshake."""

    def __call__(self, handshake: Handshake, websocket: WebSocket) -> Connection: ...


class SocketResponse(Response):
    """The response whose iteration is the socket."""

    def __init__(self, handshake: Handshake, websocket: WebSocket, admit: Admission) -> None:
        super().__init__(status=101)
        self._handshake = handshake
        self._websocket = websocket
        self._admit = admit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Register the connection, after ``after_request`` and the saving of the session."""
        if self.status_code != 101:
            # One of these functions has made a refusal of it.
            return super().__call__(environ, start_response)
        # What it was to close when it is sent: a socket holds nothing.
        self.close()
        try:
            connection = self._admit(self._handshake, self._websocket)
        except Refusal as refusal:
            return _refuse(refusal)(environ, start_response)
        self._handshake.descriptor.take_over()
        # No server sends this before the first byte of a body, of which there will be none: it is
        # for middleware and for the access log. The Set-Cookie of this session is left out, since
        # it would undo what HTTP has changed when the socket opens late.
        start_response("101 Switching Protocols", [])
        # The server keeps the environ, and Werkzeug the whole request in it.
        environ.pop("werkzeug.request", None)
        return SocketLife(connection, self._websocket)


def _socket_response(response_class: type[Response]) -> type[SocketResponse]:
    """That of an app: one which is not of the app's own class would be made one by Flask, and
    forget that it is a socket."""
    if issubclass(SocketResponse, response_class):
        return SocketResponse
    return type("SocketResponse", (SocketResponse, response_class), {})


class SocketLife:
    """Runs the socket when the server begins to iterate; ends with its fd shut down.

    The server then tries to send a head of its own and finds the pipe broken, which each of them
    takes for what it is: a client that has gone.
    """

    __slots__ = ("_connection", "_is_begun", "_websocket")

    def __init__(self, connection: Connection, websocket: WebSocket) -> None:
        self._connection = connection
        self._websocket = websocket
        self._is_begun = False

    def __iter__(self) -> Iterator[bytes]:
        self._is_begun = True
        self._connection.live(self._read)
        return iter(())

    def close(self) -> None:
        """End a socket that the server never began."""
        if not self._is_begun:
            self._is_begun = True
            self._connection.live(lambda: CloseCode.ABNORMAL)

    def _read(self) -> int:
        return self._websocket.run(self._connection)


class Transport:
    """The WebSocket route of one app.

    :param admit: registers an accepted handshake's connection, or raises :class:`Refusal`.
    """

    def __init__(self, config: Config, admit: Admission) -> None:
        self._config = config
        self._admit = admit
        self._response_class: type[SocketResponse] | None = None

    def init_app(self, app: Flask) -> None:
        """Add the route, through flask-sock, and have plain requests to it answered plainly."""
        mount = _Mount(app, self._view)
        Sock().route(self._config.path, bp=mount, **everywhere(app))(self._view)
        app.url_value_preprocessor(self._answer_plain_request)

    def check_routes(self, app: Flask) -> None:
        """Refuse an app in which another WebSocket route has our path.

        :raises InvalidSetting: naming both.
        """
        for rule in app.url_map.iter_rules():
            if rule.websocket and rule.endpoint != ENDPOINT and rule.rule == self._config.path:
                raise InvalidSetting(
                    f"REALTIME_PATH is {self._config.path!r}, and so is the path of the WebSocket "
                    f"route {rule.endpoint!r}: set REALTIME_PATH to another one, "
                    f"or move that route."
                )

    def _view(self) -> Response:
        try:
            handshake = self._check()
            websocket = _shake_hands(handshake, self._config.max_message_bytes)
        except Refusal as refusal:
            return _refuse(refusal)
        if self._response_class is None:
            self._response_class = _socket_response(current_app.response_class)
        return self._response_class(handshake, websocket, self._admit)

    def _check(self) -> Handshake:
        _check_headers()
        _check_origin(self._config)
        connection_id = request.args.get(CONNECTION_ID, "")
        if not is_connection_id(connection_id):
            raise Refusal(
                400,
                f"The query's {CONNECTION_ID} is missing or malformed; it is the "
                "value of data-socket-connection-id on the page's <body>.",
            )
        opened: SessionMixin = session._get_current_object()  # type: ignore[attr-defined]
        # To tell of a use takes a fiftieth of a handshake, and nobody keeps a 101.
        socket_key = peek(opened, False)
        if socket_key is None:
            raise Refusal(
                403,
                "The session holds no socket key: the cookie of the page's session "
                "did not come along, or was not valid.",
            )
        try:
            sock = client_socket(request.environ)
        except UnsupportedServer as error:
            raise Refusal(501, str(error)) from None
        return Handshake(request.environ, descriptor_for(sock), connection_id, socket_key)

    def _answer_plain_request(self, endpoint: str | None, values: object) -> None:
        if not isinstance(request.routing_exception, WebsocketMismatch):
            return
        if request.path != self._config.path or _is_upgrade():
            return
        if self._config.path == "/":
            request.routing_exception = NotFound()
        else:
            request.routing_exception = _UpgradeRequired()


class _UpgradeRequired(NotFound):
    code = 426
    description = "This path takes WebSockets only. Behind a proxy: it must pass on Upgrade."

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("Upgrade", "websocket")]


class _Mount:
    """Stands in for a blueprint: takes flask-sock's options, and registers our view in place of
    its wrapper, which runs the socket's whole life inside the request."""

    def __init__(self, app: Flask, view: Callable[[], Response]) -> None:
        self._app = app
        self._view = view

    def route(self, path: str, **options: Any) -> Callable[[object], None]:
        def register(_wrapper: object) -> None:
            # Without methods, so that a plain POST to the path is no 405 that names GET.
            self._app.url_map.add(Rule(path, endpoint=ENDPOINT, **options))
            self._app.view_functions[ENDPOINT] = self._view

        return register


def _check_headers() -> None:
    headers = request.headers
    if request.method != "GET":
        raise Refusal(400, f"A WebSocket handshake is a GET, not a {request.method}.")
    if headers.get("Sec-WebSocket-Version") != "13":
        raise Refusal(
            426,
            "Only version 13 of the WebSocket protocol is spoken here (RFC 6455).",
            {"Sec-WebSocket-Version": "13", "Upgrade": "websocket"},
        )
    try:
        key = base64.b64decode(headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        raise Refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64.")


def _check_origin(config: Config) -> None:
    origin = request.headers.get("Origin")
    if not is_allowed_origin(origin, request.scheme, request.host, config.allowed_origins):
        raise Refusal(
            403,
            f"Origin {origin!r} is not that of this host ({request.host!r}) and not "
            "in REALTIME_ALLOWED_ORIGINS. Behind a proxy, see werkzeug's ProxyFix.",
        )


def _is_upgrade() -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


def _shake_hands(handshake: Handshake, max_message_bytes: int) -> WebSocket:
    try:
        return WebSocket(handshake.environ, max_message_bytes)
    except RemoteProtocolError as error:
        raise Refusal(400, f"The WebSocket handshake is malformed: {error}") from None


def _refuse(refusal: Refusal) -> Response:
    logger.warning(
        "Handshake from %s refused (%d): %s", request.remote_addr, refusal.status, refusal.reason
    )
    return Response(f"{refusal.reason}\n", refusal.status, refusal.headers, mimetype="text/plain")
