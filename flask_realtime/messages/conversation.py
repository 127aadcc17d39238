"""A client message's context and reply: from environ to Reply."""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, has_request_context, request

from ..config.settings import Config
from ..errors import InvalidMessage, RegistryUnavailable, UnknownAction
from ..identity.keys import session_of, shorten
from ..page.client import (
    CONNECTION_ID_IN_ENVIRON,
    DIGEST_IN_ENVIRON,
    DISCONNECT_BEHIND_REPLY_IN_ENVIRON,
    IS_RESUMED_IN_ENVIRON,
    SESSION_DIGEST_IN_ENVIRON,
)
from ..protocol.messages import Message, Reply, error_reply
from ..session.changes import SessionChanges, item_of, lay_over
from ..session.cookie_jar import CookieJar
from .call_rules import CallRefused, CallRules
from .dispatch import dispatch_handler, dispatch_hook, dispatch_route
from .environ import Call, OutsideOfApp, call_environ, environ_template
from .handlers import Handler, Handlers, RouteHandler, ViewHandler
from .replies import reply_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

_MARK = "flask_realtime.message"


def is_socket_request() -> bool:
    """True while a message of a socket is handled, False in a request of HTTP's and outside."""
    return has_request_context() and _MARK in request.environ


@dataclass(frozen=True, slots=True)
class Client:
    """Whose socket it is: one page of one browser.

    :param connection_id: the page's.
    :param digest: names the page to the registry.
    :param disconnect_behind_reply: has the socket, if the message being handled disconnects it,
        closed only behind the reply to that message.
    """

    connection_id: str
    digest: str
    disconnect_behind_reply: Callable[[], None]

    @property
    def short_digest(self) -> str:
        """As much of the digest as logs show."""
        return shorten(self.digest)


class Conversation:
    """The messages of one socket. Each gets a fresh request context; all share the cookies.

    Used by one thread at a time.

    :param rules: which routes it may call.
    :param environ: the handshake's, as it is inside the app's middleware.
    :param client: whose socket it is.
    :param deposit: lets a text wait for the browser of the client.
    :param waiting: the texts that wait for that browser already.
    :param is_resumed: whether the page had a socket before this one.
    """

    __slots__ = (
        "_app",
        "_client",
        "_config",
        "_deposit",
        "_environ",
        "_is_resumed",
        "_jar",
        "_rules",
        "_tells_of_session",
        "_template",
        "_waiting",
    )

    def __init__(
        self,
        app: Flask,
        config: Config,
        rules: CallRules,
        environ: WSGIEnvironment,
        client: Client,
        deposit: Callable[[str], None],
        waiting: Sequence[str] = (),
        is_resumed: bool = False,
    ) -> None:
        self._app = app
        self._config = config
        self._rules = rules
        self._environ: WSGIEnvironment | None = environ
        self._client = client
        self._deposit = deposit
        self._waiting = waiting
        self._is_resumed = is_resumed
        # The reply that told of it may not have arrived; a hook has none.
        self._tells_of_session = bool(waiting)
        self._template: dict[str, Any] = {}
        self._jar = CookieJar("", "", "/")

    def answer(self, message: Message, handlers: Handlers) -> Reply:
        """The app's reply to *message*. Never raises."""
        return contextvars.Context().run(self._answer, message, handlers)

    def run_hook(self, function: Callable[[], Any]) -> None:
        """Run *function* in a context like a handler's. Never raises, logs what it raises."""
        contextvars.Context().run(self._run_hook, function)

    def _answer(self, message: Message, handlers: Handlers) -> Reply:
        try:
            reply = self._reply(message, handlers.get(message.action))
        except UnknownAction as error:
            # What there is to be tried is nobody's business but the developer's.
            told = str(error) if self._app.debug else f"No handler for action {error.action!r}."
            return error_reply(message.id, 404, told)
        except InvalidMessage as error:
            return error_reply(message.id, 400, error.reason)
        except CallRefused as error:
            return replace(error_reply(message.id, 421, str(error)), refused="call")
        except OutsideOfApp as error:
            return error_reply(message.id, 404, f"The app has no path {str(error)!r}.")
        except BaseException:
            logger.exception("%s failed on %r.", self._client.short_digest, message.action)
            return error_reply(message.id, 500, "The server failed on this message.")
        if self._tells_of_session:
            self._tells_of_session = False
            return replace(reply, session=True)
        return reply

    def _reply(self, message: Message, handler: Handler) -> Reply:
        self._begin()
        if isinstance(handler, RouteHandler):
            self._rules.check_any()
            call = handler.read(message.data, self._config)
            environ = self._make_environ(call)
            check = partial(self._rules.check, call.path)
            response = dispatch_route(self._app, environ, call.partial, check)
        else:
            environ = self._make_environ(self._call_of_handler())
            run = partial(_run, handler, message.data)
            response = dispatch_handler(self._app, environ, self._config.path, message.action, run)
        reply = reply_of(message.id, response, environ, self._config.max_reply_bytes)
        try:
            is_waiting = self._keep_cookies(response, environ)
        except RegistryUnavailable as error:
            logger.warning(
                "Cookies of a reply to %s are lost: %s", self._client.short_digest, error
            )
            return error_reply(
                message.id, 503, "The registry is away, and with it what this changed in cookies."
            )
        return replace(reply, session=True) if is_waiting else reply

    def _run_hook(self, function: Callable[[], Any]) -> None:
        try:
            self._begin()
            environ = self._make_environ(self._call_of_handler())
            response = dispatch_hook(self._app, environ, self._config.path, function)
            response.close()
            if self._keep_cookies(response, environ):
                self._tells_of_session = True
        except BaseException:
            logger.exception("A hook of %s failed.", self._client.short_digest)

    def _begin(self) -> None:
        """Read the handshake's environ, at the first message: most sockets only listen."""
        if self._environ is None:
            return
        environ = self._environ
        self._template = environ_template(self._app, environ, self._config.environ_keys)
        host = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        self._jar = CookieJar(environ.get("HTTP_COOKIE", ""), host, path)
        for text in self._waiting:
            try:
                lay_over(self._app, self._jar, SessionChanges.from_text(self._app, text))
            except ValueError as error:
                logger.warning("What waits for %s is no use: %s", self._client.short_digest, error)
        self._environ, self._waiting = None, ()

    def _call_of_handler(self) -> Call:
        return Call("POST", self._template.get("SCRIPT_NAME", "") + self._config.path)

    def _make_environ(self, call: Call) -> dict[str, Any]:
        environ = call_environ(self._template, call, self._jar.header(call.path))
        environ[_MARK] = True
        environ[CONNECTION_ID_IN_ENVIRON] = self._client.connection_id
        # Whatever a message does to the session, its client remains the same.
        environ[DIGEST_IN_ENVIRON] = self._client.digest
        environ[SESSION_DIGEST_IN_ENVIRON] = session_of(self._client.digest)
        environ[IS_RESUMED_IN_ENVIRON] = self._is_resumed
        environ[DISCONNECT_BEHIND_REPLY_IN_ENVIRON] = self._client.disconnect_behind_reply
        return environ

    def _keep_cookies(self, response: Response, environ: WSGIEnvironment) -> bool:
        """Keep the response's cookies as the browser would; True if some wait for it now.

        :raises RegistryUnavailable: if they can't be handed on; then they are not kept either.
        """
        lines = response.headers.getlist("Set-Cookie")
        if not lines:
            return False
        path = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
        jar = self._jar.copy()
        changing = [line for line in lines if jar.set(line, path)]
        item = item_of(self._app, self._jar, jar, changing)
        if item:
            self._deposit(item.to_text(self._app))
        self._jar = jar
        return bool(item)


def _run(handler: ViewHandler, data: Any) -> Any:
    return current_app.ensure_sync(handler)(data)
