"""The session of one socket: that of its handshake, as messages have changed it since."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.sessions import SessionMixin

from ..flask_contexts import SESSION
from ..identity.keys import SOCKET_KEY, replaced_digest, session_of, shorten
from ..page.client import SocketOfMessage, known_socket_key
from ..page.cookie_sessions import has_cookie_session
from ..page.secret_keys import names_of_key
from ..page.sessions import present_session, value_in
from ..page.user_loader import identify
from ..registries.base import Registry
from .cookie_jar import MOST_BYTES, MOST_COOKIES, CookieJar, in_address, in_environ, path_of
from .forgotten_cookies import keep_note
from .lone_deletions import deposit
from .outcome import Outcome, name_of, outcome_of
from .overtaken_cookies import cookies_still_meant
from .pending_changes import REWRITTEN, SessionChanges, pointer_to

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)


class SocketSession:
    """The cookies of one socket, and their changes that wait for its browser.

    Used by one thread at a time.

    :param app: the app.
    :param registry: where changes wait for the browser.
    :param connection_id: the connection id of the socket's page.
    :param digest: the digest of the socket's client.
    """

    __slots__ = (
        "_app",
        "_connection_id",
        "_digest",
        "_has_warned",
        "_jar",
        "_registry",
        "_template",
    )

    def __init__(self, app: Flask, registry: Registry, connection_id: str, digest: str) -> None:
        self._app = app
        self._registry = registry
        self._connection_id = connection_id
        self._digest = digest
        self._jar = CookieJar("", "", "/")
        self._template: WSGIEnvironment = {}
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
        self._template = template
        self._jar = CookieJar(environ.get("HTTP_COOKIE", ""), host, path_of(environ))
        items = deque(self._items(waiting))
        while items:
            self._lay_over(items, environ.get(REWRITTEN, ()))

    def header(self, path: str) -> str:
        """Return the ``Cookie`` header of a request to *path*, which may be percent-encoded."""
        return self._jar.header(in_address(path))

    def is_lost(self) -> bool:
        """Return whether the socket's session cookie leads to no session of a page any more.

        Every socket began with a session that holds a socket key. The app's store may have dropped
        it since, or may hold it under another id, and a cookie ends. A session that comes by no
        cookie is not lost. Call it in a request context. Raises whatever the app's session
        interface raises.
        """
        opened = self._opened()
        return opened is not None and value_in(opened, SOCKET_KEY) is None

    def is_found_lost(self) -> bool:
        """Return what :meth:`is_lost` returns. Call it outside of a message.

        The app's session interface may name its cookie by the request, as for the host of a tenant.
        """
        context: Any = self._app.request_context(self._own_environ())
        # If the context has a session, Flask does not open one, so the store is read once.
        setattr(context, SESSION, self._app.session_interface.make_null_session(self._app))
        # Without an adapter Flask looks for no route: converters of the app's may ask a database.
        context.url_adapter = None
        with _inside(context):
            return self.is_lost()

    def has_gone(self) -> bool:
        """Return whether the session is lost, or somebody else's by now, in the app's store.

        Call it in the request context of a message, once the message's session is open.
        """
        # If a call goes by HTTP, its answer may begin a session, and the former page would go on
        # with that one.
        # A call may go to a path to which the app gives no session.
        key = known_socket_key()
        if key is None:
            return self.is_lost()
        if has_cookie_session(self._app) or self._is_own(key):
            return False
        # The app may have another session for the path of a call: the socket's own path decides.
        opened = self._opened()
        return opened is not None and not self._is_own(value_in(opened, SOCKET_KEY) or "")

    def outcome(self, response: Response) -> Outcome | None:
        """Return what a message changed, None if nothing. Call it in the message's request context.

        :param response: the app's response to the message, with all of its cookies.
        """
        found = outcome_of(self._app, self._jar, response)
        if found is not None:
            keep_note()
        return found

    def hand_on(self, outcome: Outcome | None, socket: SocketOfMessage) -> bool:
        """Keep what a message changed, and let the change wait for the browser.

        :param outcome: what the message changed; None: nothing.
        :param socket: the socket of the message.
        :returns: whether something waits for the browser now.
        :raises RegistryUnavailable: if the change cannot wait in the registry. It is not kept then.
        """
        if outcome is None:
            return False
        if outcome.deletion is not None:
            # First: whoever takes the change takes the deletion as well, and none is left behind.
            session = session_of(self._digest)
            deposit(self._app, self._registry, outcome.deletion, self._connection_id, session)
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

    def _opened(self) -> SessionMixin | None:
        """Return the session to which the socket's session cookie leads; None without a cookie.

        It is opened as for a request to the socket's own path.
        """
        interface = self._app.session_interface
        if not self._jar.has(interface.get_cookie_name(self._app)):
            return None
        return interface.open_session(self._app, self._app.request_class(self._own_environ()))

    def _own_environ(self) -> WSGIEnvironment:
        """Return the environ of a request to the socket's own path."""
        path = self._jar.path or "/"
        return {
            **self._template,
            "PATH_INFO": in_environ(path).removeprefix(self._template.get("SCRIPT_NAME", "")),
            "HTTP_COOKIE": self._jar.header(path),
        }

    def _is_own(self, key: str) -> bool:
        return session_of(self._digest) in names_of_key(key)

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

    def _lay_over(self, items: deque[SessionChanges], rewritten: Collection[str]) -> None:
        """Change the jar as the browser's cookies will change when it fetches *items*.

        Takes those off that are of one session: there may be a thousand, and to open and save the
        session for each of them takes long.
        """
        interface, lines, has_changed = self._app.session_interface, list[str](), False
        cookies = self._jar.header(self._jar.path or "/")
        # In a context, because the app's session interface may use "g", or name its cookie by the
        # request, as for the host of a tenant.
        context: Any = self._app.request_context({**self._template, "HTTP_COOKIE": cookies})
        with _inside(context):
            name = interface.get_cookie_name(self._app)
            session, is_other = present_session(), False
            identity = identify().ask(session)
            while items and not is_other:
                item = items.popleft()
                if not item.fits(session, identity, rewritten):
                    continue
                is_other = name in map(name_of, item.cookies)
                if item.changes or item.clears:
                    has_changed = True
                    item.apply(session, rewritten)
                    identity = identify().ask(session)
                lines += cookies_still_meant(item)
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


@contextmanager
def _inside(context: Any) -> Iterator[None]:
    """Have the code inside a ``with`` block run in the context of a request that nobody has sent.

    The app's teardown functions give back what opening a session has taken, also where it fails.
    """
    try:
        context.push()
        yield
    finally:
        try:
            context.pop()
        except Exception:
            # Such a function may need what before_request functions do, and none of them has run.
            logger.debug("A teardown function failed.", exc_info=True)
