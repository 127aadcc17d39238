"""What was published before is waited for, as long as it may still be heard."""

import threading
from contextlib import closing

import pytest
import redis

from flask_realtime.registries.records import RegistryEvents
from flask_realtime.registries.redis import probe
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.disconnects import RedisDisconnects
from flask_realtime.registries.redis.hearing import RedisHearing
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.listener import RedisListener
from flask_realtime.registries.redis.pool import RedisPool

from ....eventually import DEADLINE, eventually


@pytest.fixture
def is_lost():
    """Set once the connection is lost over which the process hears."""
    return threading.Event()


@pytest.fixture
def hearing(redis_url, tmp_path, is_lost):
    """What a process hears of Redis."""

    def nothing(*_):
        pass

    keys = RedisKeys(tmp_path.name)
    pool = RedisPool(RedisAddress(redis_url, "url", DEADLINE), DEADLINE)
    events = RegistryEvents(nothing, nothing, nothing, nothing, is_lost.set, nothing)
    with closing(pool):
        hearing = RedisHearing(pool, keys, "me", events, RedisDisconnects(pool, keys, "me"))
        with closing(hearing):
            yield hearing


def test_loss_of_the_connection_ends_the_wait(hearing, redis_url, monkeypatch):
    """A page leaves, and the connection is lost over which its process hears. What would come over
    it is not waited for. As soon as the process hears again, the next page's is."""
    monkeypatch.setattr(probe, "MARK_SECONDS", DEADLINE)
    hearing.listen([], Deadline(DEADLINE))

    with hearing.mark() as mark, redis.Redis.from_url(redis_url) as client:
        client.client_kill_filter(_type="pubsub")
        mark.wait(Deadline(DEADLINE))

    assert mark.data
    assert not mark.is_late
    hearing.listen([], Deadline(DEADLINE))
    with hearing.mark() as next_mark:
        assert next_mark.data


def test_wait_in_vain_is_forgotten_with_the_connection(hearing, is_lost, redis_url, monkeypatch):
    """Something was waited for in vain, since the connection was dead, as is found now. Over the
    next connection announcements arrive, so they are waited for."""
    monkeypatch.setattr(probe, "MARK_SECONDS", 0)
    hearing.listen([], Deadline(DEADLINE))
    with hearing.mark() as late:
        late.wait(Deadline(DEADLINE))
    with hearing.mark() as mark:
        assert not mark.data

    with redis.Redis.from_url(redis_url) as client:
        client.client_kill_filter(_type="pubsub")
    assert is_lost.wait(DEADLINE)
    hearing.listen([], Deadline(DEADLINE))

    with hearing.mark() as mark:
        assert mark.data


def test_nothing_is_waited_for_before_redis_has_confirmed_that_it_is_heard(hearing, monkeypatch):
    """A process has connected, and Redis does not tell it anything yet. What is published now may
    never come, so nobody waits for it."""
    monkeypatch.setattr(RedisListener, "_send", lambda *_: None)
    hearing._listener._thread.start()
    eventually(lambda: hearing._listener.is_connected)

    with hearing.mark() as mark:
        assert not mark.data
