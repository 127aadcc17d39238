"""Pushes that go to Redis in many steps, each with a deadline of its own."""

import threading

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.pushes import Push, make_pushes
from flask_realtime.registries.redis import connection
from flask_realtime.registries.redis.appends import CHANNELS_AT_ONCE
from flask_realtime.registries.redis.batches import COMMANDS_AT_ONCE
from flask_realtime.registries.redis.connection import (
    ConnectionLost,
    RedisConnection,
    StepDeadlines,
)
from flask_realtime.registries.redis.log import NAMES_AT_ONCE

from ....eventually import DEADLINE


@pytest.fixture
def slow(clock, monkeypatch):
    """A function that has each exchange with Redis take so many seconds from now on."""

    def be_slow(seconds):
        exchange = RedisConnection.exchange

        def exchange_slowly(connection, commands, deadline):
            replies = exchange(connection, commands, deadline)
            clock.now += seconds
            deadline.remaining()
            return replies

        monkeypatch.setattr(RedisConnection, "exchange", exchange_slowly)

    return be_slow


MANY = 3 * CHANNELS_AT_ONCE


def rooms(registry, count):
    """Subscribe a page to so many channels."""
    registry.subscribe("somebody", [f"row:{number}" for number in range(count)])


def test_push_to_a_pattern_takes_its_time_as_long_as_each_step_is_in_time(store, slow):
    """Strangers have made up rooms: a push to all of them takes longer in all than one call may,
    and succeeds, since no step did."""
    registry = store.open(MAX_CHANNELS_PER_PAGE=MANY, REDIS_TIMEOUT_SECONDS=20)
    rooms(registry, MANY)
    slow(15)

    pushes = make_pushes("1", ["row:*"], registry.matching, "id")
    positions = registry.publish(pushes)

    assert [position.seq for position in positions] == [1] * MANY


@pytest.mark.parametrize("is_ephemeral", [False, True])
def test_many_pushes_by_name_take_their_time_too(store, slow, is_ephemeral):
    """A push to a long list of names may take longer than one call, also one for no log."""
    registry = store.open(REDIS_TIMEOUT_SECONDS=20)
    pushes = [Push("a", str(number), None) for number in range(3 * COMMANDS_AT_ONCE)]
    registry.matching("*")
    slow(15)

    (registry.announce if is_ephemeral else registry.publish)(pushes)

    length = store.client.xlen(f"{store.prefix}:channel:{{a}}:log")
    assert length == (0 if is_ephemeral else 1000)


def test_list_of_channels_may_take_as_long_as_each_part_is_in_time(store, slow):
    """The list of channels is read in parts, each of which has a deadline of its own."""
    count = 3 * NAMES_AT_ONCE
    registry = store.open(MAX_CHANNELS_PER_PAGE=count, REDIS_TIMEOUT_SECONDS=20)
    rooms(registry, count)
    slow(15)

    assert len(registry.matching("row:*")) == count


def test_push_to_a_pattern_ends_where_all_steps_take_too_long(store, slow, monkeypatch):
    """A push to a pattern has a last deadline. The error names what was accepted, and the same push
    id reaches the rest."""
    registry = store.open(MAX_CHANNELS_PER_PAGE=MANY, REDIS_TIMEOUT_SECONDS=1)
    rooms(registry, MANY)
    pushes = make_pushes("1", ["row:*"], registry.matching, "id")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "LONGEST_SECONDS", 2)
        slow(0.9)
        with pytest.raises(RegistryUnavailable, match="within 2 s") as caught:
            registry.publish(pushes)
    slow(-0.9)
    positions = registry.publish(pushes)

    assert caught.value.accepted == tuple(push.channel for push in pushes[: 2 * CHANNELS_AT_ONCE])
    assert [position.seq for position in positions] == [1] * MANY


def test_steps_that_are_in_time_go_on_for_two_minutes(clock):
    """Many push to every room at once. Each push goes on, step by step, as long as its push id is
    known for long enough to make it again."""
    deadlines = StepDeadlines(2.0)

    clock.now += 100
    after_100 = deadlines.next().remaining()
    clock.now += 19
    after_119 = deadlines.next().remaining()
    clock.now += 2

    assert (after_100, after_119) == (2, 1)
    with pytest.raises(ConnectionLost):
        deadlines.next().remaining()


def test_long_pushes_to_patterns_take_turns_at_redis(store):
    """However many long pushes to patterns run, Redis has one step of one of them at a time."""
    registry = store.open(MAX_CHANNELS_PER_PAGE=MANY)
    rooms(registry, MANY)
    pushes = make_pushes("1", ["row:*"], registry.matching, None)
    store.client.client_pause(1000, all=False)
    threads = [threading.Thread(target=registry.publish, args=[pushes]) for _ in range(5)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert registry.publish([Push("row:0", "1", None)])[0].seq == 6
    opened = [one for one in registry._pool._places.get().queue if one is not None]
    assert len(opened) == 1


def test_short_push_to_a_pattern_waits_for_no_other(store, monkeypatch):
    """A push to a pattern that few channels match goes its way while others wait for Redis, as one
    by name does."""
    registry = store.open(REDIS_TIMEOUT_SECONDS=20)
    rooms(registry, 5)
    pushes = make_pushes("1", ["row:*"], registry.matching, None)
    threads = [threading.Thread(target=registry.publish, args=[pushes]) for _ in range(3)]
    exchange, at_redis, all_are = RedisConnection.exchange, set(), threading.Event()

    def exchange_together(connection, commands, deadline):
        at_redis.add(threading.current_thread())
        if at_redis.issuperset(threads):
            all_are.set()
        all_are.wait(DEADLINE)
        at_redis.discard(threading.current_thread())
        return exchange(connection, commands, deadline)

    with monkeypatch.context() as patched:
        patched.setattr(RedisConnection, "exchange", exchange_together)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)

    assert all_are.is_set()
    assert registry.publish([Push("row:0", "1", None)])[0].seq == 4
