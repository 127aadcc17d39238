"""What a single process remembers of sessions and users that have ended."""

from flask_realtime.config.settings import Config
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.lifetimes import Lifetimes
from flask_realtime.registries.memory.sessions import MemorySessions, MemoryUsers
from flask_realtime.registries.subscriptions import Subscription

LIFETIMES = Lifetimes.of(Config(connect_timeout_seconds=10, disconnect_timeout_seconds=100))


def test_end_of_a_session_is_remembered_long_where_a_socket_was_open():
    """Only pages that had a socket may stay away for long."""
    sessions = MemorySessions(LIFETIMES)
    sessions.note_socket("with", 1, 0)

    assert sessions.end("with", "", 1)
    assert sessions.end("without", "", 1)

    assert sessions.heir("with", 12) == "" and sessions.heir("without", 12) is None
    assert sessions.heir("with", 102) is None


def test_first_end_of_a_session_names_its_heir():
    """A log-out that follows takes nothing from the message that ended the session."""
    sessions = MemorySessions(LIFETIMES)

    first = sessions.end("s", "digest:1", 0)
    second = sessions.end("s", "", 1)

    assert (first, second) == (True, False)
    assert sessions.heir("s", 2) == "digest:1"


def test_users_are_forgotten_in_time():
    """Nothing is kept longer than a page may stay away."""
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
