"""The flask-sock route of the socket, and the answers to requests at its path that are none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response, current_app, request
from flask_sock import Sock
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect, Rule
from werkzeug.routing.exceptions import WebsocketMismatch

from ..caching import keep_nowhere
from ..config.settings import Config
from ..errors import InvalidSetting
from ..flask_contexts import present_app, present_request
from ..identity.keys import CONNECTION_ID
from ..page.advice import IS_REACHED_IN_ENVIRON, advice
from ..page.client import SOCKET_IN_ENVIRON
from ..page.hosts import everywhere
from ..request_hooks import IS_NO_PAGE, request_hooks
from .handshake import Refusal, check, printable, refuse
from .handshake_size import check_size
from .response import Admission, SocketResponse, socket_response

logger = logging.getLogger(__name__)

ENDPOINT = "realtime.socket"

_LOST_HEADERS = (
    "This is a WebSocket handshake that has lost {} on its way: a proxy in front of this server "
    "does not pass it on. In nginx, set in this location: proxy_http_version 1.1; "
    "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; "
)


class Transport:
    """The WebSocket route of one app.

    :param admit: registers an accepted handshake's connection, or raises :class:`Refusal`.
    """

    def __init__(self, config: Config, admit: Admission) -> None:
        self._config = config
        self._bare_path = config.path.rstrip("/")
        self._admit = admit
        self._response_class: type[SocketResponse] | None = None
        self._has_warned = False

    def init_app(self, app: Flask) -> None:
        """Add the route, through flask-sock, and have plain requests to it answered plainly."""
        # First, since Werkzeug from 3.2 on refuses the second of two such routes, without naming
        # the setting.
        self.check_routes(app)
        mount = _Mount(app, self._view)
        Sock().route(self._config.path, bp=mount, **everywhere(app))(self._view)
        request_hooks(app).add(begin=self._route, end=_end)

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
            request = present_request()
            request.environ[IS_REACHED_IN_ENVIRON] = True
            check_size(request.environ)
            handshake = check(self._config, request)
        except Refusal as refusal:
            return refuse(refusal)
        if self._response_class is None:
            self._response_class = socket_response(present_app().response_class)
        return self._response_class(handshake, self._admit, self._config.max_message_bytes)

    def _route(self, request: Request) -> None:
        """Correct what Werkzeug has made of a request to the socket's path."""
        # A message that comes by a socket has the socket's path, and is no handshake.
        if request.path.rstrip("/") != self._bare_path or SOCKET_IN_ENVIRON in request.environ:
            return
        if _is_handshake(request):
            request.environ[IS_NO_PAGE] = True
            # gevent's server says False here, and Werkzeug takes any value for True. Then code that
            # asks for the request's body, as Sentry does, would wait for the first message.
            request.environ.pop("wsgi.input_terminated", None)
            if isinstance(request.routing_exception, RequestRedirect):
                self._take_redirected()
        elif _was_handshake(request):
            request.environ[IS_NO_PAGE] = True
            request.routing_exception = self._lost_headers()
        elif isinstance(request.routing_exception, WebsocketMismatch):
            is_shared = self._config.path == "/"
            request.routing_exception = NotFound() if is_shared else UpgradeRequired()

    def _take_redirected(self) -> None:
        """Have a handshake meet the library's view though its path lacks, or has, a last slash.

        No browser follows a redirect with a socket, and under a prefix of a proxy ``PATH_INFO`` is
        often empty.
        """
        adapter = current_app.create_url_adapter(request)
        assert adapter is not None
        request.url_rule, _ = adapter.match(self._config.path, return_rule=True)
        # The rule may hold a host or a subdomain, and the library's view takes no such argument.
        request.view_args = {}
        request.routing_exception = None

    def _lost_headers(self) -> HTTPException:
        lost = "'Upgrade: websocket'"
        if request.headers.get("Upgrade", "").lower() == "websocket":
            lost = "'Connection: Upgrade'"
        error = UpgradeRequired(_LOST_HEADERS.format(lost))
        # Once as a warning: the client comes back every half a minute, from every page.
        level = logging.INFO if self._has_warned else logging.WARNING
        self._has_warned = True
        logger.log(
            level,
            "Handshake from %s refused (426): %s",
            printable(request.remote_addr),
            error.description,
        )
        return error


class _Mount:
    """Takes the view of a flask-sock route, without the wrapper that would keep a request's
    contexts, and database sessions, for the whole life of its socket."""

    def __init__(self, app: Flask, view: Callable[[], Response]) -> None:
        self._app = app
        self._view = view

    def route(self, path: str, **options: Any) -> Callable[[object], None]:
        def register(_wrapper: object) -> None:
            rule = Rule(path, endpoint=ENDPOINT, **options)
            rule.methods = _AnyMethod(["GET"])
            self._app.url_map.add(rule)
            self._app.view_functions[ENDPOINT] = self._view

        return register


class _AnyMethod(set[str]):
    """The methods of the route: GET for code that lists them, any method for code that matches.

    So a plain POST to the path is not answered 405 with GET as the allowed method. Werkzeug would
    take None for any method, but what lists an app's routes would not.
    """

    def __contains__(self, method: object) -> bool:
        return True


class UpgradeRequired(NotFound):
    """426: the request is none that may become a socket."""

    code = 426
    description = "This path takes WebSockets only. Behind a proxy: it must pass on Upgrade."

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("Upgrade", "websocket")]


def _end(request: Request, response: Response) -> Response:
    """Look at the session behind a handshake; have no cache keep the refusal of one: it would be
    shown to all who ask for the page at the same address."""
    if response.status_code == 101 and isinstance(response, SocketResponse):
        response.handshake.heed_session()
    # Werkzeug refuses a handshake at any path that is no socket's.
    is_refused = isinstance(request.routing_exception, WebsocketMismatch)
    if is_refused or (IS_NO_PAGE in request.environ and response.status_code != 101):
        keep_nowhere(response)
        if not is_refused and _is_kept_back(request, response):
            advice().handshake_kept_back(response.status_code)
    return response


def _is_kept_back(request: Request, response: Response) -> bool:
    """Return whether a function of the app has answered a handshake on purpose. What it raises by
    mistake the log tells of in any case."""
    is_ours = IS_REACHED_IN_ENVIRON in request.environ or request.routing_exception is not None
    return not is_ours and response.status_code < 500


def _is_handshake(request: Request) -> bool:
    """Return whether Werkzeug takes a request for a WebSocket's handshake."""
    environ = request.environ
    options = [one.strip() for one in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    return "upgrade" in options and environ.get("HTTP_UPGRADE", "").lower() == "websocket"


def _was_handshake(request: Request) -> bool:
    """Return whether a request is what a proxy may have left of a handshake."""
    headers, query = request.headers, request.args
    if request.method != "GET":
        return False
    if "Sec-WebSocket-Key" in headers or headers.get("Upgrade", "").lower() == "websocket":
        return True
    return query.get("resume") == "1" and CONNECTION_ID in query
