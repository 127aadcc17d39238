"""The view by which a browser takes over the cookies that its sockets have changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence

from flask import Flask, Response, current_app, request, session

from ..config.settings import Config
from ..errors import RegistryUnavailable
from ..identity.keys import (
    CONNECTION_ID,
    CONNECTION_ID_HEADER,
    is_connection_id,
    new_connection_id,
    replaced_digest,
    shorten,
)
from ..identity.origins import is_allowed_origin
from ..identity.users import channel_of, user_of
from ..page.client import (
    Client,
    came,
    current_client,
    known_socket_key,
    present_identity,
    secret_keys,
)
from ..page.csrf import exempt_from_csrf
from ..page.hosts import everywhere
from ..page.revocations import came_at
from ..page.sessions import has_cookie_session, present_session, save_nothing
from ..page.withheld import is_session_withheld
from ..registries.base import Registry
from ..registries.records import Grant
from .pending_changes import SessionChanges, follow

logger = logging.getLogger(__name__)

ENDPOINT = "realtime.session"
PATH = "/session"
TAKER_HEADER = "X-Realtime-Taker"
#: By this header on a response the client tells the app's own refusal from that of whoever answers
#: for an app that is away: a router, a maintenance page, a hotel's network.
REFUSED_HEADER = "X-Realtime-Refused"
_REFUSALS = frozenset([301, 302, 303, 307, 308, 401, 403])
# In place of an id.
_NEW = "new"
_TAKER = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SessionPath:
    """``POST /_realtime/session``: what waits for the page that asks becomes its browser's.

    The path stands below ``REALTIME_URL_PREFIX``.

    :param config: the app's settings.
    :param registry: returns the registry of this process.
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
        """The view; answers 204, also where nothing waits.

        A page that was rendered without an id, since the browser kept its session cookie back then
        (see :mod:`flask_realtime.page.withheld`), asks for one by naming itself ``new``.
        """
        origin = request.headers.get("Origin")
        allowed = self._config.allowed_origins
        # Here a browser always sends one, and it stands in for a CSRF token.
        if origin is None or not is_allowed_origin(origin, request.scheme, request.host, allowed):
            return _refuse(403, f"Origin {origin!r} may not do this.")
        connection_id = _connection_id()
        if request.headers.get(CONNECTION_ID_HEADER) == _NEW:
            return self._name_page()
        if not is_connection_id(connection_id):
            return _refuse(400, f"{CONNECTION_ID_HEADER} must be the page's connection id.")
        client = current_client()
        client.act_on(str(connection_id))
        response = _answer(204)
        try:
            digests = self._digests(client)
            if not digests:
                return _refuse(403, "The session holds no socket key: it is not that of a page.")
            has_changed = self._take(digests, client, response)
        except RegistryUnavailable as error:
            logger.warning("What waits for a page can't be fetched: %s", error)
            response, has_changed = _answer(503, "The registry is away; come back."), False
        if not has_changed:
            # A cookie that is set for its own sake could undo a log-out that is under way.
            save_nothing()
        return response

    def _name_page(self) -> Response:
        """Give a page its id, and have it hear what is pushed to its user."""
        if is_session_withheld():
            return _refuse(403, "Another site sent this request: no session is begun for it.")
        client, identity = current_client(), came().identity
        response = _answer(204)
        response.headers[CONNECTION_ID_HEADER] = client.connection_id(reads_body=False)
        try:
            if identity is not None:
                user = str(user_of(identity))
                self._registry().subscribe(
                    client.final_digest(identity),
                    [channel_of(identity)],
                    Grant(user, came_at(user), {}),
                )
        except RegistryUnavailable as error:
            logger.warning("A page that asks for its id gets none so far: %s", error)
            return _refuse(503, "The registry is away; come back.")
        if known_socket_key() is None:
            client.keep_socket_key()
        else:
            save_nothing()
        return response

    def _digests(self, client: Client) -> list[str]:
        """The names under which something may wait for the page that asks."""
        found = dict.fromkeys(client.digests()) if came().socket_key is not None else {}
        if has_cookie_session(current_app):
            return list(found)
        for name in _replaced_names(client.connection_id()):
            for pointer in self._registry().collect(name, _taker()):
                try:
                    found[follow(current_app, pointer)] = None
                except ValueError as error:
                    logger.warning("A pointer to what waits is no use: %s", error)
        return list(found)

    def _take(self, digests: Sequence[str], client: Client, response: Response) -> bool:
        """Make what waits its browser's; True if the browser's session has changed by it."""
        has_changed = False
        waiting = [(one, text) for one in digests for text in self._collect(one)]
        for digest, text in waiting:
            try:
                item = SessionChanges.from_text(current_app, digest, text)
            except ValueError as error:
                logger.warning("What waited for %s is no use: %s", shorten(digest), error)
                continue
            client.is_over = client.is_over or item.ends
            has_changed = _apply(item, digest, response) or item.ends or has_changed
        return has_changed

    def _collect(self, digest: str) -> Sequence[str]:
        return self._registry().collect(digest, _taker())


def _replaced_names(connection_id: str) -> list[str]:
    """The names under which the session cookie of this request may point to what waits."""
    value = request.cookies.get(current_app.session_interface.get_cookie_name(current_app))
    if not value:
        return []
    return [replaced_digest(secret, value, connection_id) for secret in secret_keys()]


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


def _apply(item: SessionChanges, digest: str, response: Response) -> bool:
    """Make the changes, all of them or none; True if the session has changed."""
    if not item.fits(present_session(), present_identity()):
        logger.info(
            "What waited for %s is dropped: its browser's session has changed since.",
            shorten(digest),
        )
        return False
    item.apply(session)
    if item.renews and session.permanent:
        session.modified = True
    for line in item.cookies:
        response.headers.add("Set-Cookie", line)
    return bool(item.changes) or item.renews


def _refuse(status: int, text: str) -> Response:
    response = _answer(status, text)
    save_nothing()
    return response


def _mark_refusal(response: Response) -> Response:
    """Mark what refuses a page at the session path, be it our view or the app's own log-in."""
    if response.status_code not in _REFUSALS or request.endpoint != ENDPOINT:
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
