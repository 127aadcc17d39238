"""The view from which a browser fetches the cookies that messages of its sockets have changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain

from flask import Flask, Request, Response, current_app, request, session

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
from ..page.identities import identity_now
from ..page.request_times import came_at
from ..page.secret_keys import secret_keys
from ..page.sessions import present_session, save_nothing
from ..page.user_loader import own_channels
from ..page.withheld import is_sent_without_cookies, is_session_withheld
from ..registries.records import Grant
from ..request_hooks import request_hooks
from ..threads.rare_warnings import RareWarnings
from .begun_at_once import BeginningNode, close_if_of_another_session
from .cookie_jar import last_of_each
from .late_answers import TAKES_END
from .logins import cookie_of_log_in, cookies_still_meant, forget_log_in, forget_remembered
from .lone_deletions import lacking_in, names_of_deletions
from .pending_changes import SessionChanges, follow, rewritten_keys

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
# Set in the environ of a request whose answer sets no session, or hands over what waits: a list of
# the changes, of which there may be none.
_WAITING = "flask_realtime.waiting"
Waiting = tuple[str, SessionChanges]


class SessionPath:
    """``POST /_realtime/session``: gives a browser the changes that wait for its page.

    The path stands below ``REALTIME_URL_PREFIX``.

    :param config: the app's settings.
    :param node: returns the node of this process.
    """

    def __init__(self, config: Config, node: Callable[[], BeginningNode]) -> None:
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
        request_hooks(app).add(begin=exempt, end=_end)

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
        response = _answer(204)
        try:
            digests = self._digests(client)
            waiting = [*self._waiting(digests, client)]
            # Taken in any case: left here, they would undo a log-in behind the log-out.
            alone = [*self._waiting(names_of_deletions(connection_id), client)]
            waiting = [*lacking_in(waiting, alone), *waiting]
            if not (digests or waiting):
                return _refuse(
                    403,
                    "The session holds no socket key: the request has no session cookie of a page.",
                )
            if digests:
                close_if_of_another_session(self._node(), digests, response)
            request.environ[_WAITING] = waiting
        except RegistryUnavailable as error:
            line = f"The changes of the session that wait for a page could not be read: {error}"
            warnings.warn("unread", line)
            return _refuse(503, "The registry is unavailable; try again.")
        return response

    def _name_page(self) -> Response:
        """Give a page its id, and subscribe it to what is pushed to its user."""
        if is_sent_without_cookies():
            return _refuse(403, "Another site sent this request: no session is begun for it.")
        if is_session_withheld():
            return _refuse(503, "The session has another id by now: ask again once you have it.")
        client, identity = current_client(), came().identity
        response = _answer(204)
        response.headers[CONNECTION_ID_HEADER] = client.connection_id(reads_body=False)
        try:
            if own := own_channels(identity):
                user = str(user_of(identity))
                grant = Grant(user, came_at(user), {})
                self._node().registry.subscribe(client.final_digest(identity), own, grant)
        except RegistryUnavailable as error:
            line = f"A page could not be given its id, and will ask for it again: {error}"
            warnings.warn("unnamed", line)
            return _refuse(503, "The registry is unavailable; try again.")
        if known_socket_key() is None:
            client.keep_socket_key()
        else:
            _hand_over_nothing()
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
    request.environ[_WAITING] = []


def _end(request: Request, response: Response) -> Response:
    if _WAITING in request.environ:
        # It stays there: if a function fails behind this, the error's answer comes here too.
        _hand_over(request.environ[_WAITING], response)
    if response.status_code in _REFUSALS and request.endpoint == ENDPOINT:
        _mark_refusal(response)
    return response


def _hand_over(waiting: Sequence[Waiting], response: Response) -> None:
    """Hand over what waits, or set no session, once the app's functions have run.

    They may write into the session at each request, as when its visitor was seen last, and renew
    the cookie that remembers its user, as Flask-Login does.
    """
    made = _make(waiting)
    cookies = [*chain.from_iterable(map(cookies_still_meant, made))]
    of_nobody = chain.from_iterable(item.cookies for item in made if item.identities[1] is None)
    is_ended = forget_remembered(of_nobody) or any(item.heir for _digest, item in waiting)
    if not (is_ended or any(item.changes or item.renews for item in made)):
        # A session cookie that changes nothing could undo a log-out that is under way.
        save_nothing()
    forget_log_in(response)
    for line in last_of_each(cookies):
        response.headers.add("Set-Cookie", line)


def _make(waiting: Sequence[Waiting]) -> list[SessionChanges]:
    """Make the changes that fit the session; return them."""
    if not waiting:
        return []
    made, identity = [], identity_now()
    rewritten = rewritten_keys()
    for digest, item in waiting:
        if not item.fits(present_session(), identity, rewritten):
            _tell_of_drop(digest, item.conflicts(present_session(), rewritten))
            continue
        item.apply(session, rewritten)
        if item.renews and session.permanent:
            session.modified = True
        # A cookie changes the id of a session that the server keeps, for requests to come.
        is_kept = not has_cookie_session(current_app)
        identity = item.identities[1] if is_kept else identity_now()
        made.append(item)
    return made


def _tell_of_drop(digest: str, keys: Collection[str]) -> None:
    """Log that a change is dropped, as a warning if it may have been a log-out.

    :param keys: what HTTP has changed meanwhile; none: the session is another user's.
    """
    if not keys:
        logger.info("A change for the browser of %s is dropped: its user is gone.", shorten(digest))
        return
    warnings.warn(
        "dropped",
        f"What a message of {shorten(digest)} has changed in its session is dropped, since HTTP "
        f"has changed {', '.join(map(repr, keys)):.{SHOWN}} there meanwhile. If that was a "
        f"log-out, the browser stays logged in: where the app says who its user is, by "
        f"realtime.identify, a log-out is made in any case.",
    )


def _mark_refusal(response: Response) -> None:
    """Mark a refusal at the session path as the app's, whether this view or a log-in made it."""
    if response.status_code < 400:
        # fetch() shows a script neither the headers nor the target of a redirect.
        response.status_code = 403
        response.headers.pop("Location", None)
    response.headers[REFUSED_HEADER] = "session"


def _answer(status: int, text: str = "") -> Response:
    response = current_app.response_class(text, status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response
