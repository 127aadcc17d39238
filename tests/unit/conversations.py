"""Conversations of an app without real sockets, and the browsers that they belong to."""

from __future__ import annotations

import itertools
import json

from flask import request, session
from werkzeug.test import create_environ

from flask_realtime.config.settings import Config
from flask_realtime.identity.keys import SOCKET_KEY, digest
from flask_realtime.messages.call_route import call_route
from flask_realtime.messages.call_rules import CallRules
from flask_realtime.messages.conversation import Conversation
from flask_realtime.messages.dispatch import add_message_view
from flask_realtime.messages.handlers import Handlers
from flask_realtime.messages.large_replies import LargeReplies, ReplyTurn
from flask_realtime.messages.page_of_socket import PageOfSocket
from flask_realtime.page.user_loader import EXTENSION, Identify
from flask_realtime.protocol.messages import parse_message
from flask_realtime.session.end_of_request import EndOfRequest
from flask_realtime.session.page_subscriptions import Grants
from flask_realtime.session.session_path import SessionPath
from flask_realtime.session.socket_session import SocketSession

from .processes import Process

CONNECTION_ID = "an-id-of-this-page"
ORIGIN = "http://localhost"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Origin": ORIGIN,
    "User-Agent": "Browser/1.0",
    "Accept-Language": "de",
    "Accept-Encoding": "gzip",
    "Cache-Control": "no-cache",
}


class Browser:
    """A test client of *app* whose session has a socket key, and the page that it shows."""

    def __init__(self, app, **settings):
        self.app = app
        settings = {"ALLOW_CALLS": True, **settings}
        self.config = Config.from_mapping(
            {f"REALTIME_{name}": value for name, value in settings.items()}
        )
        self.rules = CallRules(app, self.config)
        self.process = Process(self.config)
        self.registry = self.process.registry
        if "realtime.session" not in app.view_functions:
            self.identify = app.extensions[EXTENSION] = Identify()
            add_message_view(app)
            SessionPath(self.config, lambda: self.process).init_app(app)
            EndOfRequest(lambda: self.process, Grants(lambda: self.process)).init_app(app)
        self.client = app.test_client()
        self.client.environ_base["HTTP_USER_AGENT"] = HANDSHAKE["User-Agent"]
        with self.client.session_transaction() as stored:
            self.key = stored[SOCKET_KEY] = "the-socket-key"
        self.digest = digest(app.secret_key, self.key, CONNECTION_ID)
        # The digests of the pages whose session was found to be lost.
        self.lost = []

    def cookies(self):
        """Return the ``Cookie`` header of the browser's next request."""
        return "; ".join(f"{one.key}={one.value}" for one in self.client._cookies.values())

    def session(self):
        """Return the browser's session, without the socket key."""
        with self.client.session_transaction() as stored:
            return {key: value for key, value in stored.items() if key != SOCKET_KEY}

    def open_socket(self, handlers=None, **environ):
        """Return a socket of the browser's page.

        :param environ: keys that replace those of the handshake's environ; None removes a key.
        """
        headers = {**HANDSHAKE, "Cookie": self.cookies()}
        address = {"REMOTE_ADDR": self.client.environ_base["REMOTE_ADDR"]}
        environ = {**create_environ("/", ORIGIN, headers=headers), **address, **environ}
        handshake = {key: value for key, value in environ.items() if value is not None}
        conversation = Conversation(
            self.app,
            self.config,
            self.rules,
            handshake,
            PageOfSocket(CONNECTION_ID, self.digest, lambda: None, self._lose, dict),
            SocketSession(self.app, self.registry, CONNECTION_ID, self.digest),
            waiting=self.registry.connect(self.digest, "asks").waiting,
        )
        return Socket(conversation, handlers or {})

    def _lose(self):
        self.lost.append(self.digest)

    def take_over(self, body=None, **headers):
        """Fetch what waits, as the bundled client does after a reply with ``session``."""
        headers = {"Origin": ORIGIN, "X-Realtime-Connection-Id": CONNECTION_ID, **headers}
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.client.post("/_realtime/session", headers=headers, input_stream=body)


class Socket:
    """Sends messages to an app in one conversation, and returns replies as a client reads them."""

    def __init__(self, conversation, handlers):
        self.conversation = conversation
        self.handlers = Handlers()
        self.handlers.add("call-route", call_route)
        for action, function in handlers.items():
            self.handlers.add(action, function)
        self.large_replies = LargeReplies()
        self._ids = itertools.count(1)

    def say(self, action, **data):
        message = parse_message(json.dumps({"id": next(self._ids), "action": action, **data}))
        turn = ReplyTurn(self.large_replies, self.conversation.session_name)
        try:
            reply = self.conversation.answer(message, self.handlers, turn)
        finally:
            turn.end()
        read = json.loads(reply.to_json())
        assert read["id"] == message.id
        return read

    def call(self, uri, **data):
        return self.say("call-route", uri=uri, **data)


def answer(browser, handler, **data):
    """Return the reply of a socket whose only handler is *handler*."""
    return browser.open_socket({"do": handler}).say("do", **data)


def put(socket, **values):
    """Put *values* into the session by a call over that socket."""
    return socket.call("/set", method="post", json=values)


def add_session_views(app):
    """Add views that change the session, by HTTP or over a socket."""

    @app.post("/set")
    def set_value():
        session.update(request.get_json())
        return "", 204

    @app.post("/clear")
    def clear():
        session.clear()
        return "", 204

    @app.get("/session")
    def show():
        return {key: value for key, value in session.items() if key != SOCKET_KEY}
