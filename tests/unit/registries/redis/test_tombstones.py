"""What a connection asks Redis of sessions and users that have ended."""

import contextlib

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


@contextlib.contextmanager
def out_of_memory(client):
    client.config_set("maxmemory", 1)
    try:
        yield
    finally:
        client.config_set("maxmemory", 0)


@pytest.mark.parametrize("had_page", [False, True])
@pytest.mark.parametrize("end", [("end_session", "5" * 32), ("end_user", "kim")])
def test_who_has_ended_stays_out_of_a_redis_out_of_memory(store, end, had_page):
    """A Redis without memory lets handshakes in, so that it takes note of log-outs and bans too:
    nobody comes back by a process that has not heard of them."""
    asked, other = store.open(), store.open()
    page, verb, name = "a" * 32 + "5" * 32, *end
    if had_page or verb == "end_user":
        asked.connect(page, "1", "kim")

    with out_of_memory(store.client):
        getattr(asked, verb)(name)
        has_ended = [one.connect(page, "2", "kim").has_ended for one in (asked, other)]
        stranger = other.connect("b" * 32 + "6" * 32, "3", "lou")

    assert has_ended == [True, True]
    assert not stranger.has_ended


def test_who_was_put_out_of_a_channel_stays_out_of_it_while_redis_is_out_of_memory(store):
    """The page comes back by another process without the channel."""
    asked, other = store.open(), store.open()
    page = "a" * 32 + "5" * 32
    asked.subscribe(page, ["kept", "left"])

    with out_of_memory(store.client):
        asked.end_user("kim", "left")
        arrival = other.connect(page, "1", "kim")

    assert set(arrival.subscriptions) == {"kept"}
