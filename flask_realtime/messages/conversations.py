"""All conversations of a process: begins them, answers their messages, runs the app's hooks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask

from ..config.settings import Config
from ..protocol.messages import Message, Reply
from ..registries.base import Registry
from ..registries.records import Arrival
from ..session.socket_session import SocketSession
from .call_rules import CallRules
from .conversation import Conversation
from .handlers import Handlers
from .hooks import Hooks
from .large_replies import Asker, LargeReplies, ReplyTurn
from .page_of_socket import PageOfSocket

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# How many leave hooks run at one time. When a process stops, all its sockets leave together, but a
# database takes few connections.
LEAVING_AT_ONCE = 10


class Conversations:
    """Connects the sockets of a process with the handlers and hooks of an app.

    :param app: the app.
    :param config: the settings of the app.
    :param registry: where changes of cookies wait for browsers.
    :param handlers: the functions that answer messages.
    :param on_join: the functions that run when a socket joins.
    :param on_leave: the functions that run when a socket has left.
    """

    def __init__(
        self,
        app: Flask,
        config: Config,
        registry: Registry,
        handlers: Handlers,
        on_join: Hooks,
        on_leave: Hooks,
    ) -> None:
        self._app = app
        self._config = config
        self._rules = CallRules(app, config)
        self._registry = registry
        self._handlers = handlers
        self._on_join = on_join
        self._on_leave = on_leave
        self._large_replies = LargeReplies()
        self._leaving = threading.BoundedSemaphore(LEAVING_AT_ONCE)

    @property
    def has_join_hooks(self) -> bool:
        """Whether the app has a hook for sockets that join."""
        return bool(self._on_join)

    @property
    def has_leave_hooks(self) -> bool:
        """Whether the app has a hook for sockets that have left."""
        return bool(self._on_leave)

    def view_of(self, handshake: WSGIEnvironment, method: str, uri: Any) -> str:
        """Return the view to which a large call leads: see :meth:`.CallRules.view_of`.

        :raises CallRefused: if the route is not open to calls.
        :raises OutsideOfApp: if the app is mounted under another path.
        """
        self._rules.check_any(uri)
        return self._rules.view_of(handshake, method, uri)

    def begin(self, page: PageOfSocket, environ: WSGIEnvironment, arrival: Arrival) -> Conversation:
        """Return the conversation of one socket.

        :param page: the page that the socket belongs to.
        :param environ: the WSGI environ of the handshake.
        :param arrival: what the registry knew of the client at the handshake.
        """
        return Conversation(
            self._app,
            self._config,
            self._rules,
            environ,
            page,
            SocketSession(self._app, self._registry, page.connection_id, page.digest),
            waiting=arrival.waiting,
            is_resumed=arrival.is_resumed,
        )

    def answer(
        self,
        conversation: Conversation,
        message: Message,
        send: Callable[[Reply], None],
        asker: Asker | None = None,
        size: int = 0,
    ) -> bool:
        """Call *send* with the app's reply to *message*.

        A message whose reply is likely to be large waits while too many large replies of this
        process are being made or sent.

        :param conversation: the conversation of the socket that sent the message.
        :param message: the message.
        :param send: called once, with the reply.
        :param asker: the socket.
        :param size: how many bytes the message had.
        :returns: whether a handler or a view of the app was to answer the message.
        :raises NotWanted: if the socket is closed, or is to be closed and its message has not been
            handled.
        """
        turn = ReplyTurn(self._large_replies, conversation.session_name, asker)
        try:
            send(conversation.answer(message, self._handlers, turn, size))
        finally:
            turn.end()
        return turn.has_begun

    def join(self, conversation: Conversation) -> None:
        """Run the app's hooks for a socket that joins."""
        conversation.run_hook(self._on_join)

    def leave(self, conversation: Conversation) -> None:
        """Run the app's hooks for a socket that has left; ``LEAVING_AT_ONCE`` sockets at a time."""
        with self._leaving:
            conversation.run_hook(self._on_leave)
