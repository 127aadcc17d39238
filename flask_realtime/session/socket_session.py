"""The session of one socket: that of its handshake, as messages have changed it since."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from flask.sessions import SessionMixin
from itsdangerous import BadData

from ..flask_contexts import present_request
from ..identity.keys import SOCKET_KEY, replaced_digest, shorten
from ..page.client import SOCKET_IN_ENVIRON, SocketOfMessage, came
from ..page.identities import identity_now
from ..page.sessions import (
    has_cookie_session,
    present_session,
    session_as_it_came,
    value_in,
)
from ..page.user_loader import identify
from ..registries.base import Registry
from ..threads import clock
from .cookie_jar import (
    MOST_BYTES,
    MOST_COOKIES,
    RENEWED_EVERY,
    CookieJar,
    in_address,
    in_environ,
    lifetime_of,
    path_of,
    with_path,
)
from .late_answers import IS_CLEARED, IS_ENDED
from .logins import forgotten_cookie
from .pending_changes import REWRITTEN, SessionChanges, difference, pointer_to

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one message did to cookies and session.

    :param jar: the cookies after the message.
    :param item: the changes that the browser has to be told.
    :param replaced: former cookies of session or log-in, one of which the browser may still send.
    """

    jar: CookieJar
    item: SessionChanges
    replaced: Sequence[str] = ()


class SocketSession:
    """The cookies of one socket, and their changes that wait for its browser.

    Used by one thread at a time.

    :param app: the app.
    :param registry: where changes wait for the browser.
    :param connection_id: the connection id of the socket's page.
    :param digest: the digest of the socket's client.
    """

    __slots__ = ("_app", "_connection_id", "_digest", "_has_warned", "_jar", "_registry")

    def __init__(self, app: Flask, registry: Registry, connection_id: str, digest: str) -> None:
        self._app = app
        self._registry = registry
        self._connection_id = connection_id
        self._digest = digest
        self._jar = CookieJar("", "", "/")
        self._has_warned = False

    def begin(
        self, environ: WSGIEnvironment, template: WSGIEnvironment, waiting: Sequence[str]
    ) -> None:
        """Begin with the cookies of the handshake, changed by what waits for the browser.

        :param environ: the WSGI environ of the handshake.
        :param template: the environ that all requests of the socket share, without cookies.
        :param waiting: the texts that wait for the browser, in order.
        """
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        self._jar = CookieJar(environ.get("HTTP_COOKIE", ""), host, path_of(environ))
        items = deque(self._items(waiting))
        while items:
            self._lay_over(items, template, environ.get(REWRITTEN, ()))

    def header(self, path: str) -> str:
        """Return the ``Cookie`` header of a request to *path*, which may be percent-encoded."""
        return self._jar.header(in_address(path))

    def is_lost(self, template: WSGIEnvironment) -> bool:
        """Return whether the socket's session cookie leads to no session of a page any more.

        Every socket began with a session that holds a socket key. The app's store may have dropped
        it since, or may hold it under another id, and a cookie ends. A session that comes by no
        cookie is not lost. Call it in a context of the app. Raises whatever the app's session
        interface raises.

        :param template: the environ that all requests of the socket share, without cookies.
        """
        opened = self.opened(template)
        return opened is not None and value_in(opened, SOCKET_KEY) is None

    def opened(self, template: WSGIEnvironment) -> SessionMixin | None:
        """Return the session to which the socket's session cookie leads; None without a cookie.

        It is opened as for a request to the socket's own path: see :meth:`is_lost`.
        """
        path, interface = self._jar.path or "/", self._app.session_interface
        if not self._jar.has(interface.get_cookie_name(self._app)):
            return None
        environ = {
            **template,
            "PATH_INFO": in_environ(path).removeprefix(template.get("SCRIPT_NAME", "")),
            "HTTP_COOKIE": self._jar.header(path),
        }
        return interface.open_session(self._app, self._app.request_class(environ))

    def outcome(self, response: Response) -> Outcome | None:
        """Return what a message changed, None if nothing. Call it in the message's request context.

        :param response: the app's response to the message, with all of its cookies.
        """
        lines = response.headers.getlist("Set-Cookie")
        is_ended = IS_ENDED in present_request().environ
        if not (lines or is_ended):
            return None
        before, jar = self._jar, self._jar.copy()
        # A browser keeps its former cookie where the new one is too large: so does the socket.
        lines = [line for line in lines if jar.admits(line)]
        identities = (came().identity, identity_now())
        path = path_of(request.environ)
        name = self._app.session_interface.get_cookie_name(self._app)
        if not has_cookie_session(self._app):
            if _has_changed_permanence():
                # The handshake does not tell when its cookies end, and this one's key stays.
                jar.forget(name)
            changing = tuple(with_path(line, path) for line in lines if jar.set(line, path))
            value = before.value_of(name)
            has_another_id = value is not None and jar.value_of(name) != value
            item = SessionChanges({}, changing, (*identities, *[None][:has_another_id]))
            replaced = [value] if is_ended or has_another_id else []
            # By that cookie the browser may have begun another session when it fetches this.
            replaced += [forgotten_cookie(response)] if has_another_id else []
            return Outcome(jar, item, [*filter(None, replaced)])
        others = [line for line in lines if _name_of(line) != name]
        cookies = tuple(with_path(line, path) for line in others if jar.set(line, path))
        changes, renews = self._changes(lines, name)
        if changes or renews or is_ended:
            # A session cookie that is the same but for its timestamp stays as the browser has it.
            for line in lines:
                if _name_of(line) == name:
                    jar.set(line, path)
        heir = request.environ[SOCKET_IN_ENVIRON].heir if is_ended else ""
        clears = IS_CLEARED in request.environ
        return Outcome(jar, SessionChanges(changes, cookies, identities, heir, renews, clears))

    def hand_on(self, outcome: Outcome | None, socket: SocketOfMessage) -> bool:
        """Keep what a message changed, and let the change wait for the browser.

        :param outcome: what the message changed; None: nothing.
        :param socket: the socket of the message.
        :returns: whether something waits for the browser now.
        :raises RegistryUnavailable: if the change cannot wait in the registry. It is not kept then.
        """
        if outcome is None:
            return False
        if outcome.item:
            text = outcome.item.to_text(self._app, self._digest)
            self._registry.deposit(self._digest, text, socket.heir)
            for value in outcome.replaced:
                name = replaced_digest(self._secret(), value, self._connection_id)
                self._registry.deposit(name, pointer_to(self._app, self._digest))
        self._jar = outcome.jar
        if outcome.jar.dropped and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "The cookie %.60r that a message of %s has set is dropped, as every browser would "
                "drop it: a name and value of more than %d bytes, or more than %d cookies. Further "
                "ones of this socket are dropped in silence.",
                outcome.jar.dropped[0],
                shorten(self._digest),
                MOST_BYTES,
                MOST_COOKIES,
            )
        return bool(outcome.item)

    def _changes(self, lines: Sequence[str], name: str) -> tuple[dict[str, Any], bool]:
        """Return the changes of a session in a cookie, and whether the cookie is to be set anew."""
        line = next((one for one in reversed(lines) if _name_of(one) == name), None)
        if line is None:
            return {}, False
        opened = self._app.session_interface.open_session(self._app, present_request())
        before, is_whole = dict(opened or {}), IS_CLEARED in request.environ
        changes = difference(before, dict(present_session()), is_whole)
        lifetime = lifetime_of(line)
        if changes or lifetime is None or lifetime <= 0:
            return changes, False
        return changes, self._age(name, lifetime) >= lifetime * RENEWED_EVERY

    def _age(self, name: str, lifetime: float) -> float:
        """Return how long ago the session's cookie was set, in seconds.

        :param lifetime: how long a cookie lives that is set now.
        """
        at = _signed_at(self._app, request.cookies.get(name))
        if at is not None:
            return clock.now() - at
        ends_at = self._jar.end_of(name)
        return float("inf") if ends_at is None else clock.now() + lifetime - ends_at

    def _items(self, waiting: Sequence[str]) -> Iterator[SessionChanges]:
        for text in waiting:
            try:
                yield SessionChanges.from_text(self._app, self._digest, text)
            except ValueError as error:
                logger.warning(
                    "A change of the session that waits for the browser of socket %s is ignored: "
                    "%s",
                    shorten(self._digest),
                    error,
                )

    def _lay_over(
        self, items: deque[SessionChanges], template: WSGIEnvironment, rewritten: Collection[str]
    ) -> None:
        """Change the jar as the browser's cookies will change when it fetches *items*.

        Takes those off that are of one session: there may be a thousand, and to open and save the
        session for each of them takes long.
        """
        interface, lines, has_changed = self._app.session_interface, list[str](), False
        cookies = self._jar.header(self._jar.path or "/")
        # In a context, because the app's session interface may use "g", or name its cookie by the
        # request, as for the host of a tenant.
        context: Any = self._app.request_context({**template, "HTTP_COOKIE": cookies})
        with context:
            name = interface.get_cookie_name(self._app)
            session, is_other = present_session(), False
            identity = identify().ask(session)
            while items and not is_other:
                item = items.popleft()
                if not item.fits(session, identity, rewritten):
                    continue
                lines += item.cookies
                is_other = name in map(_name_of, item.cookies)
                if item.changes or item.clears:
                    has_changed = True
                    item.apply(session, rewritten)
                    identity = identify().ask(session)
            if has_changed:
                response = self._app.response_class()
                interface.save_session(self._app, session, response)
                lines += response.headers.getlist("Set-Cookie")
        for line in lines:
            self._jar.set(line, "/")

    def _secret(self) -> str | bytes:
        secret = self._app.secret_key
        assert secret is not None
        return secret


def _signed_at(app: Flask, value: str | None) -> float | None:
    """Return when Flask signed a session's cookie; None where that is not to be read in it.

    An app may write the cookie in a way of its own: encrypted, or signed without a moment.
    """
    interface: Any = app.session_interface
    if not value:
        return None
    try:
        _, at = interface.get_signing_serializer(app).loads(value, return_timestamp=True)
    except (AttributeError, BadData, TypeError):
        return None
    signed_at: float = at.timestamp()
    return signed_at


def _has_changed_permanence() -> bool:
    """Return whether this request has its session outlive the browser's end, and did not before, or
    the other way round."""
    before = bool(value_in(session_as_it_came(is_deep=False), "_permanent"))
    return bool(value_in(present_session(), "_permanent")) != before


def _name_of(line: str) -> str:
    return line.partition("=")[0].strip()
