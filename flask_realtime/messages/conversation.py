"""Answers the messages of one socket, each in its own request context."""

from __future__ import annotations

import contextvars
import itertools
import logging
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, has_request_context, request

from ..config.settings import Config
from ..connection.limits import tokens_for_decoding
from ..errors import InvalidMessage, RegistryUnavailable, UnknownAction
from ..flask_contexts import present_app, present_request
from ..identity.keys import session_of
from ..page.client import SOCKET_IN_ENVIRON, SocketOfMessage
from ..protocol.messages import Message, Reply, error_reply
from ..session.outcome import Outcome
from ..session.pending_changes import TOLD_SALT, pointer_to
from ..session.socket_session import SocketSession
from ..threads.rare_warnings import RareWarnings
from .call_rules import CallRefused, CallRules, outside_of_app, refusal
from .debug_log import log_reply
from .dispatch import AFTER_RESPONSE, ENDPOINT, dispatch_handler, dispatch_hook, dispatch_route
from .environ import Call, OutsideOfApp, call_environ, environ_template, parts_to_decode
from .handlers import Handler, Handlers, RouteHandler, ViewHandler
from .large_messages import LARGE_BYTES
from .large_replies import ReplyTurn
from .memory_budget import NotWanted
from .page_of_socket import PageOfSocket
from .replies import REACHED, read_body, reply_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

_MARK = "flask_realtime.message"
# Making a request of a call of this size takes no longer than finding out whether it is refused.
QUICKLY_READ_BYTES = 1024
#: In debug mode, a header of replies that names the cookies which browsers would not keep.
DROPPED_HEADER = "X-Realtime-Dropped-Cookies"


def is_socket_request() -> bool:
    """Return whether the current request is a message of a socket, and not a request by HTTP."""
    return has_request_context() and _MARK in request.environ


class Conversation:
    """Answers the messages of one socket.

    Each message gets a new request context; all messages share the socket's cookies. Only one
    thread at a time may use a conversation.

    :param app: the app that answers.
    :param config: the app's settings.
    :param rules: decides which routes the socket may call.
    :param environ: the WSGI environ of the handshake, as the app's middleware left it.
    :param page: the page that the socket belongs to.
    :param session: the cookies of the socket.
    :param waiting: the changes of cookies that wait for the browser already, each as signed text.
    :param is_resumed: whether the page had another socket before this one.
    """

    __slots__ = (
        "_app", "_config", "_environ", "_heirs", "_is_resumed", "_outcome", "_page", "_rules",
        "_session", "_tells_of_session", "_template", "_waiting", "_was_refused",
    )  # fmt: skip

    def __init__(
        self,
        app: Flask,
        config: Config,
        rules: CallRules,
        environ: WSGIEnvironment,
        page: PageOfSocket,
        session: SocketSession,
        waiting: Sequence[str] = (),
        is_resumed: bool = False,
    ) -> None:
        self._app = app
        self._config = config
        self._rules = rules
        self._environ: WSGIEnvironment | None = environ
        self._page = page
        self._session = session
        self._waiting = waiting
        self._is_resumed = is_resumed
        # The names under which the changes of each message wait, no two of them alike.
        name = secrets.token_hex(8)
        self._heirs = (f"{page.digest}:{name}{number}" for number in itertools.count())
        # Whether the next reply has to say that changes wait for the browser: an earlier reply,
        # which said so, may have been lost, and hooks have no reply.
        self._tells_of_session = bool(waiting)
        self._template: dict[str, Any] = {}
        # Whether the last call was refused. Then the next one is judged before a request is made of
        # it: making one takes longer, and strangers who send refused calls could take a core.
        self._was_refused = False
        # What the message that is being handled changed in cookies and session.
        self._outcome: Outcome | None = None

    @property
    def session_name(self) -> str:
        """The name of the browser session that the socket belongs to, without the page."""
        return session_of(self._page.digest)

    def answer(self, message: Message, handlers: Handlers, turn: ReplyTurn, size: int = 0) -> Reply:
        """Return the app's reply to a message.

        :param message: the message.
        :param handlers: the handlers of the app.
        :param turn: waits until there is memory for a large reply; the caller must end it.
        :param size: how many bytes the message had.
        :raises NotWanted: if nobody waits for the reply, or the session is lost; nothing else.
        """
        reply = contextvars.Context().run(self._answer, message, handlers, turn, size)
        log_reply(self._app, message, reply)
        return reply

    def run_hook(self, function: Callable[[], Any]) -> None:
        """Run *function* in a request context like a handler's. Logs exceptions; never raises."""
        contextvars.Context().run(self._run_hook, function)

    def has_lost_session(self) -> bool:
        """Return whether the session of the socket is lost: see :class:`.SocketSession`.

        It raises whatever the app's session interface raises.
        """

        def ask() -> bool:
            self._begin()
            return self._session.is_found_lost()

        return contextvars.Context().run(ask)

    def _answer(self, message: Message, handlers: Handlers, turn: ReplyTurn, size: int) -> Reply:
        try:
            reply = self._reply(message, handlers.get(message.action), turn, size)
        except UnknownAction as error:
            # The names of all actions are shown to developers only.
            told = (
                str(error)
                if self._app.debug
                else f"There is no handler for the action {error.action!r}."
            )
            return error_reply(message.id, 404, told)
        except InvalidMessage as error:
            return error_reply(message.id, 400, error.reason)
        except CallRefused as error:
            self._was_refused = True
            return refusal(message.id, error)
        except OutsideOfApp as error:
            return outside_of_app(message.id, error)
        except NotWanted:
            raise
        except BaseException:
            logger.exception(
                "Socket %s: handling a message with the action %r failed.",
                self._page.short_digest,
                message.action,
            )
            reply = error_reply(message.id, 500, "The server failed on this message.")
        if self._tells_of_session:
            self._tells_of_session = False
            told = pointer_to(self._app, self._page.digest, TOLD_SALT)
            return reply._replace(session=told)
        return reply

    def _reply(self, message: Message, handler: Handler, turn: ReplyTurn, size: int) -> Reply:
        self._begin()
        if isinstance(handler, RouteHandler):
            environ, response = self._respond_by_route(message.data, handler, turn, size)
        else:
            environ, response = self._respond_by_handler(message, handler, turn)
        try:
            # Before the body is read, since code of the app makes it, which may fail.
            self._hand_on(environ, response)
        except RegistryUnavailable as error:
            digest = self._page.short_digest
            line = f"Changes of the session or cookies for socket {digest} are lost: {error}"
            warnings.warn("lost", line)
            return error_reply(
                message.id,
                503,
                "The registry is unavailable: changes of the session or cookies were lost.",
            )
        body = read_body(response, environ, self._config.max_reply_bytes, turn)
        return reply_of(message.id, response, environ, body, turn)

    def _respond_by_route(
        self, data: dict[str, Any], handler: RouteHandler, turn: ReplyTurn, size: int
    ) -> tuple[WSGIEnvironment, Response]:
        method, uri = data.get("method", "get"), data.get("uri")
        self._rules.check_any(uri)
        is_quick = size <= QUICKLY_READ_BYTES
        # A large message was checked before it was parsed.
        if not is_quick and size < LARGE_BYTES:
            self._rules.check_message(self._template, method, uri)
        with turn.reading(size):
            call = handler.read(data, self._config)
        if is_quick and (self._was_refused or self._rules.finds_by_own_code):
            self._rules.check_message(self._template, method, uri)
        environ = self._make_environ(call)
        if not is_quick:
            turn.owe(tokens_for_decoding(parts_to_decode(environ, call)))
        environ[REACHED] = self._page.reached()
        check = partial(self._begin_call, call.path, turn)
        return environ, dispatch_route(self._app, environ, check, self._rules.may_run_code)

    def _respond_by_handler(
        self, message: Message, handler: ViewHandler, turn: ReplyTurn
    ) -> tuple[WSGIEnvironment, Response]:
        environ = self._make_environ(self._call_of_handler())
        turn.begin(f"{ENDPOINT}.{message.action}")
        run = partial(_run, handler, message.data)
        path, action = self._config.path, message.action
        return environ, dispatch_handler(self._app, environ, path, action, run, self._check_session)

    def _run_hook(self, function: Callable[[], Any]) -> None:
        try:
            self._begin()
            environ = self._make_environ(self._call_of_handler())
            response = dispatch_hook(self._app, environ, self._config.path, function)
            self._hand_on(environ, response)
            response.close()
        except BaseException:
            logger.exception(
                "Socket %s: a function of on_join or on_leave failed.", self._page.short_digest
            )

    def _begin(self) -> None:
        """Read the handshake's environ; not before the first message, as most sockets send none."""
        if (environ := self._environ) is None:
            return
        self._template = environ_template(self._app, environ, self._config.environ_keys)
        self._session.begin(environ, self._template, self._waiting)
        self._environ, self._waiting = None, ()

    def _begin_call(self, path: str, turn: ReplyTurn, open_session: Callable[[], object]) -> None:
        self._rules.check_request(path)
        self._was_refused = False
        open_session()
        self._check_session()
        turn.begin_call(present_request().endpoint or "")

    def _check_session(self) -> None:
        """Raise :exc:`NotWanted` if the session is lost: the next socket is to send the message."""
        if self._session.has_gone():
            self._page.lose_session()
            raise NotWanted

    def _call_of_handler(self) -> Call:
        return Call("POST", self._template.get("SCRIPT_NAME", "") + self._config.path)

    def _make_environ(self, call: Call) -> dict[str, Any]:
        environ = call_environ(self._template, call, self._session.header(call.path))
        environ[_MARK] = True
        environ[SOCKET_IN_ENVIRON] = SocketOfMessage(
            self._page.connection_id,
            self._page.digest,
            self._page.disconnect_behind_reply,
            next(self._heirs),
            self._is_resumed,
        )
        environ[AFTER_RESPONSE] = self._note_outcome
        return environ

    def _note_outcome(self, response: Response) -> None:
        self._outcome = outcome = self._session.outcome(response)
        if self._app.debug and outcome is not None and outcome.jar.dropped:
            response.headers[DROPPED_HEADER] = ", ".join(outcome.jar.dropped)

    def _hand_on(self, environ: WSGIEnvironment, response: Response) -> None:
        """Store the message's changes of cookies until the browser fetches them.

        Call it before *response* is closed, because then the session's other sockets are told to
        come back, and their pages are to find the changes. An error closes the response.

        :raises RegistryUnavailable: if the registry cannot store them.
        """
        outcome, self._outcome = self._outcome, None
        try:
            is_waiting = self._session.hand_on(outcome, environ[SOCKET_IN_ENVIRON])
        except BaseException:
            response.close()
            raise
        self._tells_of_session = self._tells_of_session or is_waiting


def _run(handler: ViewHandler, data: Any) -> Any:
    return present_app().ensure_sync(handler)(data)
