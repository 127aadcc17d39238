"""Answers the messages of one socket, each in a request context of its own."""

from __future__ import annotations

import contextvars
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, has_request_context, request

from ..config.settings import Config
from ..errors import InvalidMessage, RegistryUnavailable, UnknownAction
from ..identity.keys import session_of, shorten
from ..page.client import SOCKET_IN_ENVIRON, SocketOfMessage
from ..protocol.messages import Message, Reply, error_reply
from ..session.socket_session import Outcome, SocketSession
from .call_rules import CallRefused, CallRules
from .debug_log import log_reply
from .dispatch import BEHIND, ENDPOINT, dispatch_handler, dispatch_hook, dispatch_route
from .environ import Call, OutsideOfApp, call_environ, environ_template
from .handlers import Handler, Handlers, RouteHandler, ViewHandler
from .large_replies import ReplyTurn
from .replies import read_body, reply_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

_MARK = "flask_realtime.message"
#: While debugging, has a reply's headers name the cookies that no browser would keep.
DROPPED_HEADER = "X-Realtime-Dropped-Cookies"


def is_socket_request() -> bool:
    """Return whether a message of a socket is being handled, and not a request by HTTP."""
    return has_request_context() and _MARK in request.environ


@dataclass(frozen=True, slots=True)
class Client:
    """The page of one browser to which a socket belongs.

    :param connection_id: the connection id of the page.
    :param digest: the name by which the registry knows the page.
    :param disconnect_behind_reply: called when the message that is being handled closes its own
        socket: the socket is then closed after the reply.
    """

    connection_id: str
    digest: str
    disconnect_behind_reply: Callable[[], None]

    @property
    def short_digest(self) -> str:
        """The part of the digest that logs show."""
        return shorten(self.digest)


class Conversation:
    """Answers the messages of one socket.

    Each message gets a new request context; all messages share the socket's cookies. One thread at
    a time may use a conversation.

    :param app: the app that answers.
    :param config: the app's settings.
    :param rules: which routes the socket may call.
    :param environ: the environ of the handshake, as the app's middleware left it.
    :param client: the page to which the socket belongs.
    :param session: the cookies of the socket.
    :param waiting: the texts that wait for the browser already.
    :param is_resumed: whether the page had a socket before this one.
    """

    __slots__ = (
        "_app",
        "_client",
        "_config",
        "_environ",
        "_is_resumed",
        "_outcome",
        "_rules",
        "_session",
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
        session: SocketSession,
        waiting: Sequence[str] = (),
        is_resumed: bool = False,
    ) -> None:
        self._app = app
        self._config = config
        self._rules = rules
        self._environ: WSGIEnvironment | None = environ
        self._client = client
        self._session = session
        self._waiting = waiting
        self._is_resumed = is_resumed
        # Whether the next reply says that something waits: an earlier reply may have been lost,
        # and a hook has no reply.
        self._tells_of_session = bool(waiting)
        self._template: dict[str, Any] = {}
        # What the message that is being handled did to cookies and session.
        self._outcome: Outcome | None = None

    @property
    def session_name(self) -> str:
        """The name of the browser session that the socket belongs to."""
        return session_of(self._client.digest)

    def answer(self, message: Message, handlers: Handlers, turn: ReplyTurn) -> Reply:
        """Return the app's reply to *message*. Never raises.

        :param turn: waits until there is memory for a large reply; its caller ends it.
        """
        reply = contextvars.Context().run(self._answer, message, handlers, turn)
        log_reply(self._app, message, reply)
        return reply

    def run_hook(self, function: Callable[[], Any]) -> None:
        """Run *function* in a context like a handler's, and log what it raises. Never raises."""
        contextvars.Context().run(self._run_hook, function)

    def _answer(self, message: Message, handlers: Handlers, turn: ReplyTurn) -> Reply:
        try:
            reply = self._reply(message, handlers.get(message.action), turn)
        except UnknownAction as error:
            # The list of all actions is for the developer alone.
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

    def _reply(self, message: Message, handler: Handler, turn: ReplyTurn) -> Reply:
        self._begin()
        if isinstance(handler, RouteHandler):
            self._rules.check_any()
            call = handler.read(message.data, self._config)
            environ = self._make_environ(call)
            check = partial(self._begin_call, call.path, turn)
            response = dispatch_route(self._app, environ, check)
        else:
            environ = self._make_environ(self._call_of_handler())
            turn.begin(f"{ENDPOINT}.{message.action}")
            run = partial(_run, handler, message.data)
            response = dispatch_handler(self._app, environ, self._config.path, message.action, run)
        body = read_body(response, environ, self._config.max_reply_bytes, turn)
        try:
            is_waiting = self._hand_on(environ)
        except RegistryUnavailable as error:
            logger.warning(
                "Cookies of a reply to %s are lost: %s", self._client.short_digest, error
            )
            return error_reply(
                message.id, 503, "The registry is away, and with it what this changed in cookies."
            )
        reply = reply_of(message.id, response, environ, body, turn)
        return replace(reply, session=True) if is_waiting else reply

    def _run_hook(self, function: Callable[[], Any]) -> None:
        try:
            self._begin()
            environ = self._make_environ(self._call_of_handler())
            response = dispatch_hook(self._app, environ, self._config.path, function)
            response.close()
            if self._hand_on(environ):
                self._tells_of_session = True
        except BaseException:
            logger.exception("A hook of %s failed.", self._client.short_digest)

    def _begin(self) -> None:
        """Read the handshake's environ at the first message, since most sockets only listen."""
        if self._environ is None:
            return
        environ = self._environ
        self._template = environ_template(self._app, environ, self._config.environ_keys)
        self._session.begin(environ, self._template, self._waiting)
        self._environ, self._waiting = None, ()

    def _begin_call(self, path: str, turn: ReplyTurn) -> None:
        self._rules.check(path)
        turn.begin(request.endpoint or "")

    def _call_of_handler(self) -> Call:
        return Call("POST", self._template.get("SCRIPT_NAME", "") + self._config.path)

    def _make_environ(self, call: Call) -> dict[str, Any]:
        environ = call_environ(self._template, call, self._session.header(call.path))
        environ[_MARK] = True
        environ[SOCKET_IN_ENVIRON] = SocketOfMessage(
            self._client.connection_id,
            self._client.digest,
            self._client.disconnect_behind_reply,
            f"{self._client.digest}:{secrets.token_hex(8)}",
            self._is_resumed,
        )
        environ[BEHIND] = self._note_outcome
        return environ

    def _note_outcome(self, response: Response) -> None:
        self._outcome = outcome = self._session.outcome(response)
        if self._app.debug and outcome is not None and outcome.jar.dropped:
            response.headers[DROPPED_HEADER] = ", ".join(outcome.jar.dropped)

    def _hand_on(self, environ: WSGIEnvironment) -> bool:
        """Let what the message changed wait for its browser; return whether something waits now.

        :raises RegistryUnavailable: if the registry does not take it.
        """
        outcome, self._outcome = self._outcome, None
        return self._session.hand_on(outcome, environ[SOCKET_IN_ENVIRON])


def _run(handler: ViewHandler, data: Any) -> Any:
    return current_app.ensure_sync(handler)(data)
