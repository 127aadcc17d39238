"""What one process hears of Redis."""

import queue

import pytest
import redis

from flask_realtime.registries.records import Disconnect, RegistryEvents
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.disconnects import RedisDisconnects
from flask_realtime.registries.redis.hearing import RedisHearing
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.pool import RedisPool

from ....eventually import DEADLINE, eventually


@pytest.fixture
def keys(tmp_path):
    return RedisKeys(tmp_path.name)


@pytest.fixture
def events():
    """What was told: pairs of what happened, and what it was about."""
    return queue.Queue()


@pytest.fixture
def hearing(redis_url, keys, events):
    pool = RedisPool(RedisAddress(redis_url, "url", 5), 5)

    def told(name):
        return lambda *about: events.put((name, *about))

    hearing = RedisHearing(
        pool,
        keys,
        "me",
        RegistryEvents(
            *map(
                told,
                ("deliver", "changed", "disconnected", "unsubscribed", "lost", "restored"),
            )
        ),
        RedisDisconnects(pool, keys, "me"),
    )
    yield hearing
    hearing.close()
    pool.close()


def test_hearing_tells_each_announcement_as_what_it_is(hearing, keys, events, redis_url):
    """Entries of channels, clients whose subscriptions changed, and disconnects by others."""
    hearing.listen(["a"], Deadline(DEADLINE))

    with redis.Redis.from_url(redis_url) as client:
        client.publish(keys.channel("a").announced_on, b'e:1:tag:before:\n"hi"')
        client.publish(keys.process("me"), "digest")
        client.publish(keys.everyone, " me:by-myself:::1000")
        client.publish(keys.everyone, " other:digest:::1000")
        client.publish(keys.everyone, " other::session::4001")
        client.publish(keys.everyone, " other:::a%3Ab::room:7")

    kind, publication = events.get(timeout=DEADLINE)
    assert (kind, publication.channel, publication.payload) == ("deliver", "a", '"hi"')
    assert events.get(timeout=DEADLINE) == ("changed", "digest")
    assert events.get(timeout=DEADLINE) == ("disconnected", Disconnect(digest="digest"))
    order = Disconnect(session="session", code=4001)
    assert events.get(timeout=DEADLINE) == ("disconnected", order)
    assert events.get(timeout=DEADLINE) == ("unsubscribed", "a%3Ab", "room:7")


def test_health_says_whether_what_is_published_arrives(hearing):
    """A process that never listened to anything reaches Redis all the same."""
    before = hearing.health()
    hearing.listen([], Deadline(DEADLINE))

    assert before == {"reachable": True, "listening": False, "lag_seconds": None}
    assert hearing.health()["listening"]
    assert hearing.health()["lag_seconds"] >= 0


def test_lost_connection_is_told_and_restored(hearing, events, redis_url):
    """Whoever listens has to read the logs anew."""
    hearing.listen(["a"], Deadline(DEADLINE))
    with redis.Redis.from_url(redis_url) as client:
        eventually(lambda: client.client_kill_filter(_type="pubsub"))

    assert events.get(timeout=DEADLINE) == ("lost",)
    assert events.get(timeout=DEADLINE) == ("restored",)
