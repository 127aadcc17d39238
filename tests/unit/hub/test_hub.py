"""Which connection is on which channel."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.registries.subscriptions import Subscription, Subscriptions

from ..logs import Ear
from .board import Board


@pytest.fixture
def board():
    return Board()


def test_hub_says_nothing_to_one_that_has_left(board):
    """A connection that has left a channel, or was removed, gets none of its messages."""
    left, removed, stays = (board.put(Ear(digest)) for digest in ("d1", "d2", "d3"))
    board.push("first")

    board.hub.leave(left, ["room"])
    reached = board.hub.remove(removed)
    board.push("second")

    assert left.payloads == removed.payloads == ["first"]
    assert stays.payloads == ["first", "second"]
    assert reached == {"room": board.log.publications[0].position}


def test_hub_forgets_a_channel_that_nobody_hears(board, clock):
    """A channel without connections is unsubscribed after a while."""
    ear = board.put(Ear())
    clock.now += 100
    while_heard = board.hub.pop_idle()
    board.hub.remove(ear)
    at_once = board.hub.pop_idle()
    clock.now += 11
    later = board.hub.pop_idle()

    assert (while_heard, at_once, later) == ([], [], ["room"])
    assert board.ignored == ["room"]
    assert board.delivery.names() == []


def test_hub_goes_on_hearing_a_channel_that_is_entered_again(board, clock):
    """A visitor's next page joins the channel, which is still there."""
    board.hub.remove(board.put(Ear()))
    clock.now += 5
    ear = board.put(Ear())
    clock.now += 100

    assert board.hub.pop_idle() == []
    board.push("hi")
    assert ear.payloads == ["hi"]


def test_hub_finds_connections_by_client_by_session_and_by_user(board):
    """All connections of a client, a session or a user can be found to close them."""
    first, second = "1" * 32, "2" * 32
    one, two = Ear("a" * 32 + first, "42"), Ear("b" * 32 + first)
    other = Ear("a" * 32 + second, "42")
    for ear in (one, two, other):
        board.hub.add(ear)

    assert list(board.hub.connections("a" * 32 + first)) == [one]
    assert list(board.hub.connections(session=first)) == [one, two]
    assert list(board.hub.connections(user="42")) == [one, other]
    assert [*board.hub.connections("d9"), *board.hub.connections(session="s9")] == []
    assert list(board.hub.connections(user="43")) == []
    assert len(board.hub.connections()) == 3


def test_hub_removes_a_connection_twice_without_harm(board):
    """A connection is removed twice. Another connection of the same client stays."""
    first, second = board.put(Ear("d1")), board.put(Ear("d1"))

    board.hub.remove(first)
    again = board.hub.remove(first)
    board.push("still here")

    assert again == {}
    assert second.payloads == ["still here"]


def test_hub_serves_the_last_messages_without_the_registry(board):
    """A connection resumes on a channel that this process follows, without a read of its log."""
    board.put(Ear("d1"))
    start = board.log.tail
    for number in range(3):
        board.push(number)

    frames = None
    late = Ear("d2")
    board.hub.add(late)
    board.hub.invite(late, {"room": start})
    board.hub.enter(late)
    calls = board.reader.calls
    frames = board.hub.step(late, "room", start)

    assert [frame.publication.position.seq for frame in frames] == [1, 2, 3]
    assert board.reader.calls == calls


def test_hub_lets_one_that_comes_back_begin_where_it_left_if_the_log_went_back(board):
    """Redis has lost the end of a log. A connection that resumes from there reads the log and finds
    the loss; numbers that its page has seen would look like repeats, which the page drops."""
    ear = board.put(Ear("d1"))
    snapshot = board.log.tail
    board.push(1)
    left = board.log.tail
    board.hub.leave(ear, ["room"])
    again = Position(left.epoch, left.seq, "ffff")

    for start in (snapshot, again):
        board.hub.invite(ear, {"room": start})
        assert board.hub.enter(ear) == {"room": left}
        board.hub.leave(ear, ["room"])


def test_hub_lets_one_that_comes_back_begin_at_its_subscription(board):
    """A connection that left a channel and joins again gets nothing of the time between, nor of a
    log that it never saw."""
    ear = board.put(Ear("d1"))
    board.push(1)
    board.hub.leave(ear, ["room"])
    board.push(2)

    for start in (board.log.tail, Position("e2", 0, "")):
        board.hub.invite(ear, {"room": start})
        assert board.hub.enter(ear) == {"room": start}
        board.hub.leave(ear, ["room"])


def test_hub_knows_whose_first_subscriptions_may_have_changed(board, monkeypatch):
    """A subscription changes between a handshake and its first subscriptions, and is not missed;
    other threads run while thousands of clients are looked up."""
    pauses = []
    monkeypatch.setattr("flask_realtime.hub.hub.let_others_run", lambda: pauses.append(1))
    new, ready, gone = Ear("d1"), Ear("d2"), Ear("d3")
    for ear in (new, ready):
        board.hub.add(ear)
    board.hub.mark_subscribed(ready)

    board.hub.mark_stale(["d1", "d2", "d3", *map(str, range(2000))])

    assert [board.hub.is_stale(ear) for ear in (new, ready, gone)] == [True, False, False]
    assert [board.hub.mark_subscribed(ear) for ear in (new, ready, gone)] == [True, False, False]
    assert [board.hub.is_ready(ear) for ear in (new, ready, gone)] == [True, True, False]
    assert not board.hub.is_stale(new)
    assert len(pauses) == 2


def test_hub_knows_what_a_connection_was_brought_to(board):
    """The hub knows the channels of a connection, so that a registry which has lost them can be
    told."""
    ear, stranger = Ear("d1"), Ear("d2")
    board.hub.add(ear)
    subscriptions = Subscriptions({"room": Subscription(board.log.tail, None, 7)})

    board.hub.note(ear, subscriptions)
    board.hub.note(stranger, subscriptions)

    assert board.hub.noted(ear).moments == {"room": 7}
    assert board.hub.noted(stranger).moments == {}


def test_hub_counts_what_a_connection_is_about_to_enter(board):
    """A channel that a connection is about to join counts as its own until it is taken back."""
    ear = Ear()
    board.hub.add(ear)
    board.hub.invite(ear, {"room": board.log.tail, "hall": board.log.tail})
    invited = board.hub.channels(ear)
    board.hub.leave(ear, ["hall"])

    assert invited == {"room", "hall"}
    assert board.hub.channels(ear) == {"room"}
    assert board.hub.reached(ear) == {"room": board.log.tail}
    assert list(board.hub.enter(ear)) == ["room"]
    assert board.hub.enter(ear) == {}


def test_hub_does_nothing_for_a_connection_that_it_does_not_know(board):
    """A connection that has ended meanwhile causes no error."""
    ear = Ear()
    board.hub.invite(ear, {"room": board.log.tail})
    board.hub.move(ear, "room", board.log.tail)
    board.hub.leave(ear, ["room"])

    assert board.hub.enter(ear) == board.hub.reached(ear) == {}
    assert board.hub.channels(ear) == set()
    assert board.hub.step(ear, "room", board.log.tail) == []
