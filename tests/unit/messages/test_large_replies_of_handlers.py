"""Handlers whose large replies have to wait for the peers that are reading others."""

import threading

import pytest

from flask_realtime.messages import large_replies as module
from flask_realtime.messages.call_rules import CallRefused
from flask_realtime.messages.large_replies import LargeReplies, ReplyTurn
from flask_realtime.messages.memory_budget import NotWanted
from flask_realtime.writing.items import LARGE_REPLY_BYTES
from tests.eventually import DEADLINE, eventually

LARGE = 10 * LARGE_REPLY_BYTES


class Socket:
    """A socket that asks for a reply while all memory is with those who read others."""

    def __init__(self):
        self.replies = LargeReplies()
        self.replies.note("report", LARGE)
        self.is_open = True
        self.has_space = False
        self.asked = []

    def may_begin(self):
        return self.is_open

    def is_waiting(self):
        return self.is_open

    def has_room(self, coming):
        self.asked.append(coming)
        return self.has_space

    def turn(self):
        return ReplyTurn(self.replies, "session", self)


@pytest.fixture
def patient(monkeypatch):
    """Messages wait for longer than any test."""
    monkeypatch.setattr(module, "READERS_SECONDS", 2 * DEADLINE)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)


def test_handler_waits_for_those_who_read(patient):
    """A handler makes a report of megabytes, which HTTP cannot answer in its place. It runs when
    the replies that others are reading need not be ended for it."""
    socket, begun = Socket(), threading.Event()
    turn = socket.turn()

    def run():
        turn.begin("report")
        begun.set()

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: len(socket.asked) > 3)
    has_begun_before = begun.is_set()
    socket.has_space = True
    thread.join(DEADLINE)

    assert (has_begun_before, begun.is_set()) == (False, True)
    assert socket.asked[0] == LARGE
    assert socket.replies.bodies.taken == LARGE
    turn.end()


def test_message_of_a_socket_that_closes_waits_no_longer(patient):
    """The socket is closed while its message waits: the message is sent back, and nothing is
    held."""
    socket = Socket()
    socket.is_open = False

    with pytest.raises(NotWanted):
        socket.turn().begin("report")

    assert socket.replies.bodies.taken == 0


def test_handler_waits_no_longer_than_readers_take(monkeypatch):
    """Some who read take as long as they like. The handler runs after a while all the same."""
    monkeypatch.setattr(module, "READERS_SECONDS", 0)
    socket = Socket()
    turn = socket.turn()

    turn.begin("report")

    assert socket.replies.bodies.taken == LARGE
    turn.end()


def test_handlers_of_small_replies_and_calls_wait_for_no_reader(patient):
    """A handler whose replies are small runs at once, and a call is made by HTTP at once."""
    socket = Socket()

    socket.turn().begin("small")

    assert socket.asked == []
    with pytest.raises(CallRefused):
        socket.turn().begin_call("report")
