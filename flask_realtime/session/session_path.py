"""The view from which a browser fetches the cookies that messages of its sockets have changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

from flask import Flask, Request, Response, current_app, request

from ..config.settings import Config
from ..errors import RegistryUnavailable
from ..identity.keys import (
    CONNECTION_ID_HEADER,
    inherited_socket_key,
    is_connection_id,
    new_connection_id,
    replaced_digest,
    shorten,
)
from ..identity.origins import SHOWN, is_allowed_origin
from ..identity.users import user_of
from ..page.client import (
    Client,
    came,
    current_client,
    known_socket_key,
)
from ..page.cookie_sessions import has_cookie_session
from ..page.csrf import exempt_from_csrf
from ..page.hosts import everywhere
from ..page.request_times import counts_from
from ..page.secret_keys import secret_keys
from ..page.user_loader import own_channels
from ..page.withheld import is_sent_without_cookies, is_session_withheld
from ..registries.records import Grant
from ..request_hooks import request_hooks
from ..threads.rare_warnings import RareWarnings
from .begun_at_once import BeginningNode, orders_if_of_another_session
from .ended_in_browser import NodeOfEnded, is_kept
from .handing_over import HandingOver, Waiting
from .late_answers import TAKES_END
from .lone_deletions import names_of_deletions, still_meant
from .pending_changes import SessionChanges, follow
from .remember_cookie import cookie_of_log_in

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

ENDPOINT = "realtime.session"
PATH = "/session"
TAKER_HEADER = "X-Realtime-Taker"
#: The header that marks a refusal of the app's own. Without it the client takes a refusal for that
#: of something in front of an app that is away: a router, a maintenance page, a hotel's network.
REFUSED_HEADER = "X-Realtime-Refused"
_REFUSALS = frozenset([301, 302, 303, 307, 308, 401, 403])
# What a page without an id sends in place of one.
_NEW = "new"
_TAKER = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Where the environ of a request holds a HandingOver, if the answer sets no session of its own.
_HANDING_OVER = "flask_realtime.handing_over"
# Where the environ of a request holds the id that its page is given.
_GIVEN_ID = "flask_realtime.given_id"
# Where the environ of a request holds the status with which the view has answered it.
_STATUS = "flask_realtime.status"


class SessionPathNode(NodeOfEnded, BeginningNode, Protocol):
    """The part of this process's :class:`.Node` that :class:`SessionPath` needs."""


class SessionPath:
    """``POST /_realtime/session``: gives a browser the changes that wait for its page.

    The path stands below ``REALTIME_URL_PREFIX``.

    :param config: the app's settings.
    :param node: returns the node of this process.
    """

    def __init__(self, config: Config, node: Callable[[], SessionPathNode]) -> None:
        self._config = config
        self._node = node

    def init_app(self, app: Flask) -> None:
        """Add the route, and exempt it from CSRF protection, whenever the app adds that."""

        def exempt(request: Request) -> None:
            # Before any before_request function, and so before Flask-WTF's.
            if request.endpoint == ENDPOINT:
                exempt_from_csrf(app, self.hand_over)

        path = self._config.url_prefix + PATH
        app.add_url_rule(path, ENDPOINT, self.hand_over, methods=["POST"], **everywhere(app))
        request_hooks(app).add(begin=exempt, end=self._end)

    def hand_over(self) -> Response:
        """The view; answers 204, whether anything waits or not.

        A page without an id asks for one by sending ``new`` in its place. Such a page was rendered
        for a request to which the browser added no session cookie (see
        :mod:`flask_realtime.page.withheld`).
        """
        origin = request.headers.get("Origin")
        allowed = self._config.allowed_origins
        # Browsers send an Origin header with every POST; it takes the place of a CSRF token.
        if origin is None or not is_allowed_origin(origin, request.scheme, request.host, allowed):
            return _refuse(403, f"Origin {origin!r:.{SHOWN}} may not do this.")
        # The body is left alone, which anybody may have made as large as they like.
        connection_id = request.headers.get(CONNECTION_ID_HEADER)
        if connection_id == _NEW:
            return self._name_page()
        if not is_connection_id(connection_id):
            return _refuse(400, f"{CONNECTION_ID_HEADER} must be the page's connection id.")
        client = current_client()
        client.act_on(connection_id)
        try:
            digests = self._digests(client)
            waiting = [*self._waiting(digests, client)]
            # Taken in any case: left here, they would undo a log-in behind the log-out.
            alone = [*self._waiting(names_of_deletions(connection_id), client)]
            waiting = [*still_meant(alone, waiting, self._node().has_ended), *waiting]
            if not (digests or waiting):
                return _refuse(
                    403,
                    "The session holds no socket key: the request has no session cookie of a page.",
                )
            # A message that has ended the session brings the browser the next one.
            logs_out = False if TAKES_END in request.environ else is_kept(self._node())
            if logs_out is None:
                # 202 and not 503, since browsers write each failed request to the console.
                return _refuse(202, "The session has ended a moment ago: ask for the next one.")
            orders = orders_if_of_another_session(digests)
            request.environ[_HANDING_OVER] = HandingOver(waiting, orders, logs_out)
        except RegistryUnavailable as error:
            line = f"The changes of the session that wait for a page could not be read: {error}"
            warnings.warn("unread", line)
            return _refuse(503, "The registry is unavailable; try again.")
        return _answer(204)

    def _name_page(self) -> Response:
        """Give a page its id, and subscribe it to what is pushed to its user."""
        if is_sent_without_cookies():
            return _refuse(403, "Another site sent this request: no session is begun for it.")
        if is_session_withheld():
            return _refuse(503, "The session has another id by now: ask again once you have it.")
        client, identity = current_client(), came().identity
        given = client.connection_id(reads_body=False)
        try:
            if own := own_channels(identity):
                user = str(user_of(identity))
                grant = Grant(user, counts_from(user), {})
                self._node().registry.subscribe(client.final_digest(identity), own, grant)
        except RegistryUnavailable as error:
            line = f"A page could not be given its id, and will ask for it again: {error}"
            warnings.warn("unnamed", line)
            return _refuse(503, "The registry is unavailable; try again.")
        if known_socket_key() is None:
            client.keep_socket_key()
        else:
            _hand_over_nothing()
        request.environ[_GIVEN_ID] = given
        return _answer(204)

    def _end(self, request: Request, response: Response) -> Response:
        """Do with *response* what is to be done, whichever response the app's functions made."""
        environ = request.environ
        if _HANDING_OVER in environ:
            # It stays there: if a function fails behind this, the error's answer comes here too.
            environ[_HANDING_OVER].run(response)
            if orders := environ[_HANDING_OVER].orders:
                response.call_on_close(partial(self._node().end, orders))
        if _STATUS in environ and 200 <= response.status_code < 300:
            _say(environ[_STATUS], response)
        if _GIVEN_ID in environ:
            response.headers[CONNECTION_ID_HEADER] = environ[_GIVEN_ID]
        if response.status_code in _REFUSALS and request.endpoint == ENDPOINT:
            _mark_refusal(response)
        return response

    def _digests(self, client: Client) -> list[str]:
        """Return the names under which changes may wait for the page that asks."""
        found = dict.fromkeys(client.digests()) if came().socket_key is not None else {}
        if has_cookie_session(current_app):
            return list(found)
        for name in _replaced_names(client.connection_id()):
            for pointer in self._collect(name):
                try:
                    found[follow(current_app, pointer)] = None
                except ValueError as error:
                    logger.warning(
                        "A pointer to changes of a session that wait for a browser is ignored: %s",
                        error,
                    )
        return list(found)

    def _waiting(self, digests: Sequence[str], client: Client) -> Iterator[Waiting]:
        for digest, text in [(one, text) for one in digests for text in self._collect(one)]:
            try:
                item = SessionChanges.from_text(current_app, digest, text)
            except ValueError as error:
                logger.warning(
                    "A change of the session that waited for the browser of socket %s is "
                    "ignored: %s",
                    shorten(digest),
                    error,
                )
                continue
            if item.heir:
                # Nobody else can take what was changed by the message that has ended the session.
                client.is_over, client.was_over = True, False
                request.environ[TAKES_END] = True
                client.successor = inherited_socket_key(secret_keys()[0], item.heir)
            yield digest, item

    def _collect(self, name: str) -> Sequence[str]:
        return self._node().registry.collect(name, _taker())


def _replaced_names(connection_id: str) -> list[str]:
    """Return the names under which a pointer may wait for this request's session cookie, and for
    the cookie by which Flask-Login has logged in a user again whom a message had logged out."""
    value = request.cookies.get(current_app.session_interface.get_cookie_name(current_app))
    values = [one for one in (value, cookie_of_log_in()) if one]
    return [replaced_digest(key, one, connection_id) for one in values for key in secret_keys()]


def _taker() -> str:
    """Return a name for the page that asks, the same if it asks again because no answer came."""
    named = request.headers.get(TAKER_HEADER)
    return named if named is not None and _TAKER.fullmatch(named) else new_connection_id()


def _refuse(status: int, text: str) -> Response:
    _hand_over_nothing()
    return _answer(status, text)


def _hand_over_nothing() -> None:
    """Have the answer set no session."""
    request.environ[_HANDING_OVER] = HandingOver()


def _say(status: int, response: Response) -> None:
    """Have *response* say what the view has said, for which the page waits."""
    if response.status_code != status:
        response.status_code = status
        if status == 204:
            response.set_data(b"")


def _mark_refusal(response: Response) -> None:
    """Mark a refusal at the session path as the app's, whether this view or a log-in made it."""
    if response.status_code < 400:
        # fetch() shows a script neither the headers nor the target of a redirect.
        response.status_code = 403
        response.headers.pop("Location", None)
    response.headers[REFUSED_HEADER] = "session"


def _answer(status: int, text: str = "") -> Response:
    request.environ[_STATUS] = status
    response = current_app.response_class(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response
