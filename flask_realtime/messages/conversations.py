"""The conversations of a process: how each is begun, and what its hooks run in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from flask import Flask

from ..config.settings import Config
from ..protocol.messages import Message, Reply
from ..registries.base import Registry
from ..registries.records import Arrival
from ..session.socket_session import SocketSession
from .call_rules import CallRules
from .conversation import Client, Conversation
from .handlers import Handlers
from .hooks import Hooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# A process that stops has all its sockets leave at once, and a database has a few connections.
LEAVING_AT_ONCE = 10


class Conversations:
    """Has sockets converse with *app*, by its handlers and its hooks."""

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
        self._leaving = threading.BoundedSemaphore(LEAVING_AT_ONCE)

    @property
    def have_joining(self) -> bool:
        """Whether the app wants to know of a socket that joins."""
        return bool(self._on_join)

    @property
    def have_leaving(self) -> bool:
        """Whether it wants to know of one that has left."""
        return bool(self._on_leave)

    def begin(self, client: Client, environ: WSGIEnvironment, arrival: Arrival) -> Conversation:
        """Return the conversation of one socket.

        :param client: whose socket it is.
        :param environ: the environ of its handshake.
        :param arrival: what was known of its client at the handshake.
        """
        return Conversation(
            self._app,
            self._config,
            self._rules,
            environ,
            client,
            SocketSession(self._app, self._registry, client.connection_id, client.digest),
            waiting=arrival.waiting,
            is_resumed=arrival.is_resumed,
        )

    def answer(self, conversation: Conversation, message: Message) -> Reply:
        """The app's reply to *message*."""
        return conversation.answer(message, self._handlers)

    def join(self, conversation: Conversation) -> None:
        """Run what the app wants to run for a socket that joins."""
        conversation.run_hook(self._on_join)

    def leave(self, conversation: Conversation) -> None:
        """Likewise for one that has left; ten at a time."""
        with self._leaving:
            conversation.run_hook(self._on_leave)
