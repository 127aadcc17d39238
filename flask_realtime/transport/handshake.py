"""The handshake: what a request must be to become a socket, and what is agreed on with its peer."""

from __future__ import annotations

import base64
import binascii
import logging
from math import inf
from typing import TYPE_CHECKING

from flask import Request, Response
from wsproto.utilities import generate_accept_token

from ..caching import keep_nowhere
from ..config.settings import Config
from ..flask_contexts import present_app, present_request
from ..identity.keys import CONNECTION_ID, is_connection_id
from ..identity.origins import SHOWN, is_allowed_origin
from ..page.client import CAME, Came, came, client_so_far
from ..page.cookie_sessions import seconds_left
from ..page.identities import MUST_BE_KNOWN
from ..session.succession import has_changed
from ..threads.rare_warnings import RareWarnings
from ..writing.fd import Descriptor, descriptor_for
from .servers import UnsupportedServer, client_socket

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

# Neither side keeps a compressor or an inflater between messages: they cost 100 KB a socket.
DEFLATE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
_WINDOW = "server_max_window_bits"


class Refusal(Exception):
    """The handshake is refused before the 101.

    :param status: the HTTP status of the answer.
    :param reason: what was wrong and what to do, for the answer's body and for the log.
    :param headers: headers of the answer.
    """

    def __init__(self, status: int, reason: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


class Handshake:
    """A handshake that was accepted: what is needed to be its socket.

    :param request: the request, as it is inside the app's middleware.
    :param descriptor: the fd of the request.
    :param connection_id: the page that asks.
    :param socket_key: the secret of its session.
    :param identity: who the session belongs to; None: a stranger.
    :param session_seconds: after how many seconds the session of a user ends by itself.
    :ivar is_given_up: whether a function of the app, which runs before each request or after it,
        has ended the session, or given it to another user; see :meth:`heed_session`.
    :ivar refusal: why the handshake is refused after all, since the app cannot say whose the
        session is by then; else None.
    """

    __slots__ = (
        "accept", "address", "connection_id", "deflates", "descriptor", "environ", "identity",
        "is_given_up", "refusal", "resumes", "session_seconds", "socket_key",
    )  # fmt: skip

    def __init__(
        self,
        request: Request,
        descriptor: Descriptor,
        connection_id: str,
        socket_key: str,
        identity: str | None = None,
        session_seconds: float = inf,
    ) -> None:
        self.environ: WSGIEnvironment = request.environ
        self.descriptor = descriptor
        self.connection_id = connection_id
        self.socket_key = socket_key
        self.identity = identity
        self.session_seconds = session_seconds
        self.is_given_up = False
        self.refusal: Refusal | None = None
        #: Whether the client has promised that its first message is ``resume``.
        self.resumes = request.args.get("resume") == "1"
        self.address = printable(request.remote_addr)
        extension = agree(self.environ.get("HTTP_SEC_WEBSOCKET_EXTENSIONS", ""))
        #: Whether the peer takes and sends deflated messages (RFC 7692).
        self.deflates = bool(extension)
        #: The whole 101 (RFC 6455 section 4.2.2).
        self.accept = accept(self.environ["HTTP_SEC_WEBSOCKET_KEY"], extension)

    def heed_session(self) -> None:
        """Note what the app has made of the session, once all of its functions have run."""
        environ = self.environ
        environ[MUST_BE_KNOWN] = True
        try:
            self.is_given_up = has_changed(client_so_far())
        except Exception:
            self.refusal = _nobody_knows()
        # The socket keeps the environ.
        del environ[MUST_BE_KNOWN]
        environ.pop(CAME, None)


def check(config: Config, request: Request) -> Handshake:
    """Return the handshake that the current request is.

    :param request: the current request.
    :raises Refusal: if it is none, or is not allowed.
    """
    check_headers(request.method, request.environ)
    _check_origin(config, request)
    connection_id = request.args.get(CONNECTION_ID, "")
    if not is_connection_id(connection_id):
        raise Refusal(
            400,
            f"The query's {CONNECTION_ID} is missing or malformed; send the value of "
            f"data-socket-connection-id on the page's <body>.",
        )
    socket_key, identity = _who_asks()
    if socket_key is None:
        raise Refusal(403, _why_without_key())
    try:
        sock = client_socket(request.environ)
    except UnsupportedServer as error:
        raise Refusal(501, str(error)) from None
    descriptor = descriptor_for(sock)
    seconds = inf if identity is None else seconds_left(present_app(), request)
    return Handshake(request, descriptor, connection_id, socket_key, identity, seconds)


def refuse(refusal: Refusal) -> Response:
    """Return the answer to a refused handshake, and log it."""
    address, reason = printable(present_request().remote_addr), refusal.reason
    # The first word of a reason is ours, and no client's.
    kind = f"{refusal.status} {reason.partition(' ')[0]}"
    warnings.warn(kind, f"Handshake from {address} refused ({refusal.status}): {reason}")
    text = f"{refusal.reason}\n"
    response = Response(text, refusal.status, refusal.headers, mimetype="text/plain")
    # A cache may be set up to keep whatever does not say how long: then it would answer the next
    # try.
    keep_nowhere(response)
    return response


def printable(address: str | None) -> str:
    """Return *address*, or what else a client has sent, as logs may show it.

    A proxy's header may have made it, with whatever a client wrote there: control characters would
    begin a line of the client's own in the log.
    """
    if not address:
        return "an unknown address"
    shown = address[:SHOWN]
    return shown if shown.isprintable() else repr(shown)[1:-1]


def check_headers(method: str, environ: WSGIEnvironment) -> None:
    """Refuse what is no handshake of RFC 6455, section 4.2.1.

    :raises Refusal: naming the header that is missing or malformed.
    """
    if method != "GET":
        raise Refusal(400, f"A WebSocket handshake is a GET, not a {printable(method)}.")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise Refusal(
            426,
            "Only version 13 of the WebSocket protocol is supported (RFC 6455).",
            {"Sec-WebSocket-Version": "13", "Upgrade": "websocket"},
        )
    try:
        key = base64.b64decode(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        raise Refusal(400, "Sec-WebSocket-Key must be 16 bytes in base64.")
    if not environ.get("HTTP_HOST"):
        raise Refusal(400, "The WebSocket handshake is malformed: Host is missing.")


def accept(key: str, extension: str) -> bytes:
    """Return the 101 that answers *key*.

    :param extension: what was agreed on, or empty.
    """
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + generate_accept_token(key.encode()),
    ]
    if extension:
        lines.append(b"Sec-WebSocket-Extensions: " + extension.encode())
    return b"\r\n".join([*lines, b"", b""])


def agree(offers: str) -> str:
    """Return what is agreed on of the extensions that a peer offers (RFC 7692).

    :returns: empty, if no offer can be met by frames that are deflated with the full window.
    """
    for offer in offers.split(","):
        name, *parameters = [part.strip() for part in offer.split(";")]
        windows = [one for one in parameters if one.partition("=")[0].strip() == _WINDOW]
        if name == "permessage-deflate" and all(map(_is_full, windows)):
            # Section 7.1.2.1: an offer that names the window is accepted by naming it too.
            return f"{DEFLATE}; {_WINDOW}=15" if windows else DEFLATE
    return ""


def _why_without_key() -> str:
    app = present_app()
    if app.session_interface.get_cookie_name(app) in present_request().cookies:
        return (
            "The session cookie leads to no session of a page: it has ended, or was signed with "
            "another key. Is the SECRET_KEY the same in all processes, and after a restart?"
        )
    return (
        "No session cookie came along. A browser keeps the one that it gets with a page if "
        "SESSION_COOKIE_DOMAIN, SESSION_COOKIE_PATH and SESSION_COOKIE_SECURE fit the address."
    )


def _who_asks() -> Came:
    """Return the secret of the session that came along, and the user that it belongs to.

    :raises Refusal: if the app cannot say whose it is.
    """
    try:
        return came()
    except Exception as error:
        raise _nobody_knows() from error


def _nobody_knows() -> Refusal:
    """Return the refusal of a handshake about whose session the app's function has just failed."""
    logger.exception("realtime.identify failed at a handshake.")
    why = "The app could not say which user the session belongs to; try again."
    return Refusal(503, why, {"Retry-After": "1"})


def _check_origin(config: Config, request: Request) -> None:
    origin = request.environ.get("HTTP_ORIGIN")
    if not is_allowed_origin(origin, request.scheme, request.host, config.allowed_origins):
        if is_allowed_origin(origin, "http", request.host, ()):
            raise Refusal(
                403,
                f"The page came by http (Origin {origin!r:.{SHOWN}}), and this app is asked by "
                "https. Redirect visitors to https; if they are there, or shall not be, have the "
                "proxy say so (in nginx: proxy_set_header X-Forwarded-Proto $scheme;).",
            )
        raise Refusal(
            403,
            f"Origin {origin!r:.{SHOWN}} is not that of this host ({request.host!r:.{SHOWN}}) and "
            "not in REALTIME_ALLOWED_ORIGINS. If a proxy has changed the host, have it pass on the "
            "Host header (in nginx: proxy_set_header Host $http_host;), or believe its "
            "X-Forwarded-Host by werkzeug's ProxyFix.",
        )


def _is_full(window: str) -> bool:
    return window.partition("=")[2].strip(' "') == "15"
