"""How many large replies a process makes at one time."""

import threading

import pytest

from flask_realtime.messages import large_replies as module
from flask_realtime.messages.call_rules import CallRefused
from flask_realtime.messages.large_replies import LargeReplies, ReplyTurn
from flask_realtime.threads import pause
from flask_realtime.writing.items import LARGE_REPLY_BYTES
from tests.eventually import DEADLINE, eventually

LARGE = 10 * LARGE_REPLY_BYTES


def waiting_in(budget):
    """Return how many requests wait for their turn in *queue*, whatever their owner."""
    return sum(map(len, budget._waiting.values()))


def waiting_for_bodies(bodies):
    """Return how many requests wait in all."""
    return sum(map(waiting_in, [bodies._all, *(one for one, _ in bodies._kinds.values())]))


class Asked:
    """Sockets that ask for one reply each, and the replies.

    :param size: of the replies.
    """

    def __init__(self, size=LARGE):
        self.replies = LargeReplies()
        self.begun, self.encoded = [], []
        self.made, self.sent = threading.Event(), threading.Event()
        self._size = size
        self._threads = []

    def ask(self, count, endpoint="large", session="session"):
        for _ in range(count):
            thread = threading.Thread(target=self._answer, args=(endpoint, session))
            thread.start()
            self._threads.append(thread)

    def end(self):
        self.made.set()
        self.sent.set()
        for thread in self._threads:
            thread.join(DEADLINE)

    def _answer(self, endpoint, session):
        turn = ReplyTurn(self.replies, session)
        turn.begin(endpoint)
        self.begun.append(endpoint)
        self.made.wait(DEADLINE)
        turn.count(self._size, is_typical=True)
        turn.encode(self._size)
        self.encoded.append(endpoint)
        self.sent.wait(DEADLINE)
        turn.end()


@pytest.fixture
def asked(monkeypatch):
    """Sockets of a process in which a session may have two large bodies, and one is encoded at a
    time."""
    monkeypatch.setattr(module, "BODY_BYTES", LARGE * 8)
    monkeypatch.setattr(module, "ENCODING_BYTES", LARGE * module.COPIES)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", DEADLINE)
    asked = Asked()
    yield asked
    asked.end()


def test_large_replies_are_encoded_one_by_one(asked):
    """Each reply takes several times the memory of its body until it is sent, so large ones are
    encoded one at a time."""
    asked.made.set()
    for endpoint in "abcd":
        asked.ask(1, endpoint)
    eventually(lambda: len(asked.encoded) == 1)
    eventually(lambda: waiting_in(asked.replies.encoding) == 3)

    asked.sent.set()

    eventually(lambda: len(asked.encoded) == 4)
    asked.end()
    assert (asked.replies.encoding.taken, asked.replies.bodies.taken) == (0, 0)


def test_others_run_between_two_large_replies(asked, monkeypatch):
    """Under gevent other greenlets run between two large replies."""
    taken = []
    monkeypatch.setattr(pause, "let_others_run", lambda: taken.append(asked.replies.encoding.taken))
    asked.ask(3)
    asked.end()

    assert taken == [LARGE * module.COPIES] * 3


def test_memory_is_given_back_though_the_pause_is_cut_off(asked, monkeypatch):
    """A greenlet is killed during a pause. The memory that it had taken is free for others."""

    def cut_off():
        raise SystemExit

    monkeypatch.setattr(pause, "let_others_run", cut_off)
    turn = ReplyTurn(asked.replies, "session")
    turn.begin("large")
    turn.count(LARGE, is_typical=True)
    turn.encode(LARGE)

    turn.end()

    assert (asked.replies.encoding.taken, asked.replies.bodies.taken) == (0, 0)


def test_endpoint_of_large_replies_waits_before_it_makes_another(asked):
    """An endpoint of large replies runs again only when there is memory for its reply."""
    asked.replies.note("large", LARGE)

    asked.ask(5)
    eventually(lambda: waiting_for_bodies(asked.replies.bodies) == 3)

    assert len(asked.begun) == 2
    asked.end()
    assert len(asked.begun) == 5
    assert asked.replies.bodies.taken == 0


class NoRoom:
    """A socket for which there is room for some bytes at the most."""

    def __init__(self, room=0):
        self.room = room

    def may_begin(self):
        return True

    def is_waiting(self):
        return True

    def has_room(self, coming):
        return coming <= self.room


def test_call_is_refused_where_there_is_room_for_no_large_reply(asked, monkeypatch):
    """Only a call whose reply is likely to be large is refused, and its memory is given back. A
    handler, which no client can ask by HTTP, makes its reply."""
    monkeypatch.setattr("flask_realtime.messages.large_replies.READERS_SECONDS", 0)
    asked.replies.note("large", LARGE)
    turns = [ReplyTurn(asked.replies, "session", NoRoom()) for _ in range(3)]

    turns[0].begin_call("small")
    turns[1].begin("large")
    turns[1].end()
    with pytest.raises(CallRefused, match="by HTTP"):
        turns[2].begin_call("large")
    turns[2].end()

    assert asked.replies.bodies.taken == 0


def test_replies_that_are_being_made_need_room_too(asked):
    """There is room for one more reply. Of two calls at the same time one is refused."""
    asked.replies.note("large", LARGE)
    first, second = (ReplyTurn(asked.replies, one, NoRoom(LARGE)) for one in ("first", "second"))

    first.begin_call("large")
    with pytest.raises(CallRefused):
        second.begin_call("large")
    second.end()
    first.end()


def test_other_endpoints_wait_for_nobody(asked):
    """Small replies are made and sent while large ones wait."""
    asked.replies.note("large", LARGE)
    asked.ask(5)
    eventually(lambda: asked.replies.bodies.is_waited_for)

    turn = ReplyTurn(asked.replies, "session")
    turn.begin("small")
    turn.count(1000, is_typical=True)
    turn.encode(1000)
    turn.end()

    assert asked.replies.expected("small") == 0


def test_handlers_that_wait_for_each_other_come_to_an_end(asked, monkeypatch):
    """Handlers have taken all the memory and wait for another one. That one runs all the same."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.01)
    asked.replies = LargeReplies()
    asked.replies.note("large", LARGE)

    asked.ask(5)

    eventually(lambda: len(asked.begun) == 5)


def test_endpoint_is_small_again_after_some_small_replies():
    """An endpoint made one large reply and some small ones. It does not have to wait any more."""
    replies = LargeReplies()
    replies.note("search", LARGE)
    counted = 0

    while replies.expected("search"):
        turn = ReplyTurn(replies, "session")
        turn.begin("search")
        turn.count(1000, is_typical=True)
        turn.end()
        counted += 1

    assert 1 < counted < 10
    assert replies.bodies.taken == 0


def test_session_that_calls_what_takes_long_holds_up_no_other(asked):
    """A session makes many slow calls. Calls of other sessions do not wait for all of them."""
    asked.replies.note("slow", LARGE)
    asked.ask(9, "slow", session="greedy")
    eventually(lambda: waiting_for_bodies(asked.replies.bodies) == 7)

    asked.ask(1, "slow", session="another")

    eventually(lambda: len(asked.begun) == 3)
    assert waiting_for_bodies(asked.replies.bodies) == 7
    asked.end()
    assert (asked.replies.bodies.taken, asked.replies.bodies._kinds) == (0, {})


def test_endpoint_that_takes_long_holds_up_no_other(asked):
    """Many visitors call a slow endpoint. Calls of other endpoints do not wait for all of them."""
    asked.replies.note("slow", LARGE)
    asked.replies.note("list", LARGE)
    for number in range(9):
        asked.ask(1, "slow", session=f"visitor {number}")
    eventually(lambda: waiting_for_bodies(asked.replies.bodies) == 5)

    asked.ask(1, "list", session="another")

    eventually(lambda: "list" in asked.begun)
    assert asked.begun == ["slow"] * 4 + ["list"]
