"""The flask-sock route of the socket, and the answers to requests at its path that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, current_app, request
from flask_sock import Sock
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule
from werkzeug.routing.exceptions import WebsocketMismatch

from ..config.settings import Config
from ..errors import InvalidSetting
from ..page.hosts import everywhere
from .handshake import Refusal, check, refuse
from .response import Admission, SocketResponse, socket_response

ENDPOINT = "realtime.socket"


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
            handshake = check(self._config)
        except Refusal as refusal:
            return refuse(refusal)
        if self._response_class is None:
            self._response_class = socket_response(current_app.response_class)
        return self._response_class(handshake, self._admit, self._config.max_message_bytes)

    def _answer_plain_request(self, endpoint: str | None, values: object) -> None:
        if not isinstance(request.routing_exception, WebsocketMismatch):
            return
        if request.path != self._config.path or _is_upgrade():
            return
        if self._config.path == "/":
            request.routing_exception = NotFound()
        else:
            request.routing_exception = _UpgradeRequired()


class _Mount:
    """Takes the view of a flask-sock route, without the wrapper that would keep a request's
    contexts, and database sessions, for the whole life of its socket."""

    def __init__(self, app: Flask, view: Callable[[], Response]) -> None:
        self._app = app
        self._view = view

    def route(self, path: str, **options: Any) -> Callable[[object], None]:
        def register(_wrapper: object) -> None:
            # Without methods, so that a plain POST to the path is no 405 that names GET.
            self._app.url_map.add(Rule(path, endpoint=ENDPOINT, **options))
            self._app.view_functions[ENDPOINT] = self._view

        return register


class _UpgradeRequired(NotFound):
    code = 426
    description = "This path takes WebSockets only. Behind a proxy: it must pass on Upgrade."

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), ("Upgrade", "websocket")]


def _is_upgrade() -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"
