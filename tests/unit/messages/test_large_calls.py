"""Large calls are read one at a time, so that many sockets' calls hold up nobody else for long."""

import gc
import threading

import flask
import pytest

from flask_realtime.messages.call_route import CallRoute
from flask_realtime.messages.handlers import Handlers
from flask_realtime.messages.large_messages import LARGE_BYTES
from flask_realtime.messages.large_replies import LargeReplies, ReplyTurn
from flask_realtime.protocol.messages import Message
from flask_realtime.threads.time_slice import TimeSlice
from tests.eventually import DEADLINE

from ..conversations import Browser


class Socket:
    """A socket for which there is always room; it shares a time slice with others."""

    def __init__(self):
        self.time_slice = TimeSlice()
        self.alone = self.time_slice.alone

    def may_begin(self):
        return True

    def is_waiting(self):
        return True

    def has_room(self, coming):
        return True


class Route(CallRoute):
    """A route that notes whether the garbage collector runs while a call is read."""

    def __init__(self):
        self.collects = []

    def read(self, data, config):
        self.collects.append(gc.isenabled())
        return super().read(data, config)


@pytest.fixture
def ask():
    """Returns a function that calls a route, with a message of so many bytes as it is told."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.add_url_rule("/open", "open", lambda: "answered")
    conversation = Browser(app).open_socket().conversation
    asker, route, handlers, replies = Socket(), Route(), Handlers(), []
    handlers.add("call-route", route)

    def ask(size):
        message = Message("1", "call-route", {"uri": "/open"})
        turn = ReplyTurn(LargeReplies(), "session", asker)
        replies.append(conversation.answer(message, handlers, turn, size).status)
        turn.end()

    ask.asker, ask.route, ask.replies = asker, route, replies
    return ask


def test_large_call_is_read_once_no_other_is(ask):
    """A form of 250 KB takes 25 ms to read, even if it is refused for a mistake at its end. Small
    calls do not wait for that."""
    large = threading.Thread(target=ask, args=(LARGE_BYTES,))
    with ask.asker.alone():
        ask(LARGE_BYTES - 1)
        large.start()
        large.join(0.2)
        before = list(ask.replies)
    large.join(DEADLINE)

    assert before == [200]
    assert ask.replies == [200, 200]


def test_large_call_is_read_without_the_garbage_collector(ask):
    """The collector would look through all objects of the process, for fields none of which is
    garbage."""
    gc.enable()

    ask(LARGE_BYTES)
    ask(LARGE_BYTES - 1)

    assert ask.route.collects == [False, True]
