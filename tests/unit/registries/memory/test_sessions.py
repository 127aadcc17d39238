"""The ended sessions and users that a single process remembers."""

from flask_realtime.config.settings import Config
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.lifetimes import Lifetimes
from flask_realtime.registries.memory import sessions
from flask_realtime.registries.memory.sessions import (
    EndedSession,
    MemorySessions,
    MemoryUser,
    MemoryUsers,
)
from flask_realtime.registries.subscriptions import Subscription

LIFETIMES = Lifetimes.of(Config(connect_timeout_seconds=10, disconnect_timeout_seconds=100))


def test_end_of_a_session_is_remembered_long_where_a_socket_was_open():
    """The end of a session is remembered for long only if a page of it had a socket and may
    reconnect."""
    ended = MemorySessions(LIFETIMES)
    ended.note_socket("with", 1, 0)

    for session in ("with", "without"):
        assert ended.end(session, EndedSession("", 1, ""), 1) == (False, [session])

    assert ended.heir("with", 12) == "" and ended.heir("without", 12) is None
    assert ended.heir("with", 102) is None


def test_first_end_of_a_session_names_its_heir():
    """A session was ended by a message and then by a log-out. The successor of the first end
    stays."""
    ended = MemorySessions(LIFETIMES)

    first = ended.end("s", EndedSession("digest:1", 1, ""), 0)
    second = ended.end("s", EndedSession("", 2, ""), 1)

    assert (first, second) == ((False, ["s"]), (True, ["s"]))
    assert ended.heir("s", 2) == "digest:1"


def test_users_are_forgotten_in_time():
    """No user is remembered for longer than a page may stay away."""
    users = MemoryUsers(LIFETIMES)
    users.end("42", 7, 0)
    users.leave("42", "room", 7, 0)
    subscriptions = {
        "room": Subscription(Position.start(), moment=7),
        "hall": Subscription(Position.start(), moment=7),
    }

    assert (users.ended_at("42", 1), users.lost("42", subscriptions, 1)) == (7, ["room"])
    assert users.lost("42", {"room": Subscription(Position.start(), moment=8)}, 1) == []
    assert (users.ended_at("42", 101), users.lost("42", subscriptions, 101)) == (0, [])
    assert not users.drop_expired(101, 10)


def test_user_who_leaves_ever_more_channels_takes_no_more_memory(monkeypatch):
    """The older half of the channels that a user was removed from is forgotten. A channel that is
    not remembered counts as left at the time of the newest forgotten one."""
    monkeypatch.setattr(sessions, "MOST_LEFT_BY_USER", 10)
    user = MemoryUser()

    for number in range(11):
        user.leave(str(number), 100 + number)

    assert len(user) <= 10
    assert [user.left_at(name) for name in ("0", "10", "hall")] == [105, 110, 105]
