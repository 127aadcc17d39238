"""The conversations of a process: how each begins, and in which context its hooks run."""

from __future__ import annotations

import json
import threading

import flask
import pytest
from blinker import Signal
from werkzeug.test import create_environ

from flask_realtime.config.settings import Config
from flask_realtime.messages.call_route import call_route
from flask_realtime.messages.conversations import LEAVING_AT_ONCE, Conversations
from flask_realtime.messages.handlers import Handlers
from flask_realtime.messages.hooks import Hooks
from flask_realtime.messages.page_of_socket import PageOfSocket
from flask_realtime.protocol.messages import parse_message
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import Arrival

from ...eventually import eventually


class Process:
    """The conversations of an app with one handler, and a record of its sockets."""

    def __init__(self):
        app = flask.Flask(__name__)
        app.secret_key = "secret"
        self.config = Config()
        self.handlers = handlers = Handlers()
        handlers.add("shout", lambda data: data["text"].upper())
        self.joins, self.leaves = Hooks(Signal()), Hooks(Signal())
        registry = MemoryRegistry(self.config)
        self.conversations = Conversations(
            app, self.config, registry, handlers, self.joins, self.leaves
        )

    def begin(self):
        page = PageOfSocket("an-id-of-this-page", "digest", lambda: None, lambda: None, dict)
        environ = create_environ("/", "http://localhost")
        return self.conversations.begin(page, environ, Arrival(None, ()))


@pytest.fixture
def process():
    return Process()


def test_conversation_answers_by_the_handlers_of_the_app(process):
    """A message is answered by the app's handler for its action."""
    message = parse_message('{"id": 1, "action": "shout", "data": {"text": "hi"}}')

    replies = []
    process.conversations.answer(process.begin(), message, replies.append)

    assert [(reply.status, reply.body) for reply in replies] == [(200, "HI")]


@pytest.mark.parametrize(
    ("message", "is_for_app"),
    [
        ({"action": "shout", "data": {"text": "hi"}}, True),
        ({"action": "shout", "data": {}}, True),
        ({"action": "none"}, False),
        ({"action": "call-route", "uri": "/"}, False),
        ({"action": "call-route", "uri": "no path"}, False),
    ],
)
def test_process_knows_which_messages_reach_no_code_of_the_app(process, message, is_for_app):
    """A message that no handler or view was to answer is told apart from others, also from those
    whose handler fails."""
    process.handlers.add("call-route", call_route)
    message = parse_message(json.dumps({"id": 1, **message}))

    replies = []
    answered = process.conversations.answer(process.begin(), message, replies.append)

    assert answered is is_for_app
    assert len(replies) == 1


def test_process_knows_whether_hooks_are_to_run(process):
    """A socket of an app without hooks starts no conversation for them."""
    assert not process.conversations.has_join_hooks and not process.conversations.has_leave_hooks

    process.joins.add(lambda: None)

    assert process.conversations.has_join_hooks and not process.conversations.has_leave_hooks


def test_hooks_run_for_a_socket_that_joins_and_one_that_leaves(process):
    """Each hook runs in a request context of its own."""
    ran = []
    process.joins.add(lambda: ran.append(("joined", flask.request.endpoint)))
    process.leaves.add(lambda: ran.append(("left", flask.request.endpoint)))

    process.conversations.join(process.begin())
    process.conversations.leave(process.begin())

    assert ran == [("joined", "realtime.message"), ("left", "realtime.message")]


def test_sockets_leave_ten_at_a_time(process):
    """A process stops. On_leave functions run for ten sockets at a time, since a database has few
    connections."""
    inside, go_on = [], threading.Event()
    most = []

    def leave():
        inside.append(1)
        most.append(len(inside))
        go_on.wait()
        inside.pop()

    process.leaves.add(leave)
    threads = [
        threading.Thread(target=process.conversations.leave, args=[process.begin()], daemon=True)
        for _ in range(LEAVING_AT_ONCE + 5)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: len(inside) == LEAVING_AT_ONCE)
    go_on.set()
    for thread in threads:
        thread.join()

    assert max(most) == LEAVING_AT_ONCE
    assert len(most) == len(threads)
