"""What a connection asks Redis of sessions and users that have ended."""

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.tombstones import RedisTombstones
from flask_realtime.registries.subscriptions import Subscription, Subscriptions


def test_connection_of_a_stranger_asks_nothing_more():
    """An app without users, and with one secret key, has no key more looked at."""
    tombstones = RedisTombstones(None, RedisKeys("p"), Config())

    assert tombstones.questions(None, ()) == []
    assert len(tombstones.questions("42", ["s1", "s2"])) == 3


@pytest.mark.parametrize(
    ("began", "replies", "is_refused"),
    [
        (5, [], False),
        (5, [0, []], False),
        (5, [0, 1], True),
        (5, [[b"ended", b"5"]], True),
        (5, [[b"ended", b"4"]], False),
        (0, [[b"ended", b"5"]], False),
        (5, [[b"left:a", b"9"]], False),
    ],
)
def test_client_is_refused_whose_session_or_user_has_ended(began, replies, is_refused):
    """By another name of its session, or if it began before its user ended."""
    assert RedisTombstones.is_refused(began, replies) is is_refused


def test_channels_are_lost_that_were_subscribed_before():
    """One that was subscribed to later is kept."""
    start = Position.start()
    subscriptions = Subscriptions(
        {"a": Subscription(start, moment=5), "b": Subscription(start, moment=6)}
    )

    assert RedisTombstones.lost(subscriptions, [0, [b"left:a", b"5", b"left:b", b"5"]]) == ["a"]
    assert RedisTombstones.lost(None, [[b"left:a", b"5"]]) == []
