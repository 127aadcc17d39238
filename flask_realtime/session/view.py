"""The view by which a browser takes over the cookies that its sockets have changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from flask import Flask, Response, current_app, request, session

from ..config.settings import Config
from ..errors import RegistryUnavailable
from ..identity.keys import (
    CONNECTION_ID,
    CONNECTION_ID_HEADER,
    is_allowed_origin,
    is_connection_id,
    new_connection_id,
    shorten,
)
from ..page.client import CONNECTION_ID_IN_ENVIRON, current_digest, known_socket_key
from ..page.csrf import exempt_from_csrf
from ..page.hosts import everywhere
from ..registries.base import Registry
from .changes import SessionChanges

logger = logging.getLogger(__name__)

ENDPOINT = "realtime.session"
PATH = "/session"
TAKER_HEADER = "X-Realtime-Taker"
#: By this header on a response the client tells the app's own refusal from that of whoever answers
#: for an app that is away: a router, a maintenance page, a hotel's network.
REFUSED_HEADER = "X-Realtime-Refused"
_REFUSALS = frozenset([301, 302, 303, 307, 308, 401, 403])
_TAKER = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SessionPath:
    """``POST /_realtime/session``: what waits for the page that asks becomes its browser's.

    The path stands below ``REALTIME_URL_PREFIX``.
    """

    def __init__(self, config: Config, registry: Callable[[], Registry]) -> None:
        self._config = config
        self._registry = registry

    def init_app(self, app: Flask) -> None:
        """Add the route; CSRF protection, whenever it comes, leaves it alone."""

        def exempt(endpoint: str | None, values: object) -> None:
            # These run before any before_request function, of which Flask-WTF's is one.
            if endpoint == ENDPOINT:
                exempt_from_csrf(app, self.hand_over)

        path = self._config.url_prefix + PATH
        app.add_url_rule(path, ENDPOINT, self.hand_over, methods=["POST"], **everywhere(app))
        app.url_value_preprocessor(exempt)
        app.after_request(_mark_refusal)

    def hand_over(self) -> Response:
        """The view; answers 204, also where nothing waits."""
        origin = request.headers.get("Origin")
        allowed = self._config.allowed_origins
        # Here a browser always sends one, and it stands in for a CSRF token.
        if origin is None or not is_allowed_origin(origin, request.scheme, request.host, allowed):
            return _answer(403, f"Origin {origin!r} may not do this.")
        connection_id = _connection_id()
        if not is_connection_id(connection_id):
            return _answer(400, f"{CONNECTION_ID_HEADER} must be the page's connection id.")
        if known_socket_key() is None:
            return _answer(403, "The session holds no socket key: it is not that of a page.")
        request.environ[CONNECTION_ID_IN_ENVIRON] = connection_id
        digest = current_digest()
        try:
            texts = self._registry().collect(digest, _taker())
        except RegistryUnavailable as error:
            logger.warning("What waits for %s can't be fetched: %s", shorten(digest), error)
            return _answer(503, "The registry is away; come back.")
        response = _answer(204)
        for text in texts:
            _apply(digest, text, response)
        return response


def _taker() -> str:
    """Who asks: the same name, when a page asks again since it had no answer."""
    named = request.headers.get(TAKER_HEADER)
    return named if named is not None and _TAKER.fullmatch(named) else new_connection_id()


def _connection_id() -> object:
    named = request.headers.get(CONNECTION_ID_HEADER) or request.form.get(CONNECTION_ID)
    if named is None and request.is_json:
        body = request.get_json(silent=True)
        return body.get(CONNECTION_ID) if isinstance(body, dict) else None
    return named


def _apply(digest: str, text: str, response: Response) -> None:
    try:
        item = SessionChanges.from_text(current_app, text)
    except ValueError as error:
        logger.warning("What waited for %s is no use: %s", shorten(digest), error)
        return
    item.apply(session)
    for line in item.cookies:
        response.headers.add("Set-Cookie", line)


def _mark_refusal(response: Response) -> Response:
    """Mark what refuses a page at the session path, be it our view or the app's own log-in."""
    if request.endpoint != ENDPOINT or response.status_code not in _REFUSALS:
        return response
    if response.status_code < 400:
        # A script that asks is not told where a redirect leads, nor what its headers are.
        response.status_code = 403
        response.headers.pop("Location", None)
    response.headers[REFUSED_HEADER] = "session"
    return response


def _answer(status: int, text: str = "") -> Response:
    response = current_app.response_class(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response
