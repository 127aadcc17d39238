"""A Redis that stops answering, and callers who each have a thread of the server."""

import contextlib
import queue
import threading

import pytest
import redis

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import ConnectionLost, Deadline
from flask_realtime.registries.redis.pool import RedisPool
from flask_realtime.registries.redis.silence import MOST_WAITING, Silence

from ....eventually import DEADLINE, eventually
from ....hanging_redis import while_redis_hangs

TIMEOUT_SECONDS = 0.5
MANY = 2 * MOST_WAITING


@pytest.fixture
def pool(redis_url):
    setting = {"url": redis_url, "max_connections": MANY}
    pool = RedisPool(RedisAddress(setting, "url", DEADLINE), TIMEOUT_SECONDS)
    yield pool
    pool.close()


@pytest.fixture
def pause(redis_url):
    """Has Redis answer nobody within the block."""

    @contextlib.contextmanager
    def pause():
        with redis.Redis.from_url(redis_url) as client, while_redis_hangs(client):
            yield

    return pause


def ping(pool, seconds=TIMEOUT_SECONDS):
    return pool.ask([("PING",)], Deadline(seconds))


def wait_in_vain(pool):
    """Make calls until Redis has answered none for as long as a call may take."""
    for _ in range(3):
        with pytest.raises(RegistryUnavailable):
            ping(pool)


def begin_many(pool, done):
    """Make many calls, which put into *done* what they are answered, or told."""

    def call():
        try:
            done.put(ping(pool, DEADLINE))
        except RegistryUnavailable as error:
            done.put(str(error))

    threads = [threading.Thread(target=call) for _ in range(MANY)]
    for thread in threads:
        thread.start()
    return threads


def test_few_callers_wait_for_a_silent_redis(pool, pause):
    """A server with threads has some left for pages that need no Redis: the other callers are told
    at once. All are answered when Redis is back."""
    done = queue.SimpleQueue()

    with pause():
        wait_in_vain(pool)
        threads = begin_many(pool, done)
        refused = [done.get(timeout=DEADLINE) for _ in range(MANY - MOST_WAITING)]
        assert all("enough calls wait for it" in str(one) for one in refused)

    waiting = [done.get(timeout=DEADLINE) for _ in range(MOST_WAITING)]
    for thread in threads:
        thread.join(DEADLINE)
    assert waiting == [[b"PONG"]] * MOST_WAITING
    assert [ping(pool) for _ in range(MANY)] == [[b"PONG"]] * MANY


def test_call_that_asks_nothing_leaves_redis_silent(pool, pause):
    """A process that keeps its channels known has no sockets to keep, and asks nothing for them.
    That is no answer of Redis: few callers wait for it as before."""
    done = queue.SimpleQueue()

    with pause():
        wait_in_vain(pool)
        nothing = pool.ask([], Deadline(TIMEOUT_SECONDS))
        threads = begin_many(pool, done)
        refused = [done.get(timeout=DEADLINE) for _ in range(MANY - MOST_WAITING)]

    for thread in threads:
        thread.join(DEADLINE)
    assert nothing == []
    assert all("enough calls wait for it" in str(one) for one in refused)


def test_callers_from_before_the_silence_was_noticed_keep_nobody_from_waiting(pool, pause):
    """Redis pauses for a little longer than one call may take. Calls that begin at the end of the
    pause are answered, however many wait from before."""
    done = queue.SimpleQueue()

    def call(seconds):
        with contextlib.suppress(RegistryUnavailable):
            done.put(ping(pool, seconds))

    with pause():
        before = [threading.Thread(target=call, args=(DEADLINE,)) for _ in range(MOST_WAITING)]
        for thread in before:
            thread.start()
        eventually(lambda: pool._places.get().empty())
        wait_in_vain(pool)
        later = threading.Thread(target=call, args=(DEADLINE,))
        later.start()
        eventually(lambda: len(pool._silence._callers.get()) == 1)

    assert [done.get(timeout=DEADLINE) for _ in range(MOST_WAITING + 1)]
    for thread in [*before, later]:
        thread.join(DEADLINE)


def test_caller_with_less_patience_makes_redis_silent_for_nobody(pool, pause):
    """A log-out waits for a quarter of a second. Others wait as long as they are allowed to."""
    done = queue.SimpleQueue()
    with pause():
        with pytest.raises(RegistryUnavailable):
            ping(pool, TIMEOUT_SECONDS / 2)
        threads = [
            threading.Thread(target=lambda: done.put(ping(pool, DEADLINE))) for _ in range(MANY)
        ]
        for thread in threads:
            thread.start()

    assert [done.get(timeout=DEADLINE) for _ in threads] == [[b"PONG"]] * MANY
    for thread in threads:
        thread.join(DEADLINE)


def test_shorter_pause_makes_redis_silent_for_nobody(clock):
    """Redis pauses for less than a call may take, and an attempt to connect gives up earlier. All
    others wait."""
    silence = Silence(TIMEOUT_SECONDS)
    deadline = Deadline(TIMEOUT_SECONDS)

    with pytest.raises(ConnectionLost), silence.watch(deadline):
        clock.now += 0.6 * TIMEOUT_SECONDS
        raise ConnectionLost("no connection within half of the time", is_late=True)

    with contextlib.ExitStack() as waiting:
        for _ in range(MANY):
            waiting.enter_context(silence.watch(Deadline(TIMEOUT_SECONDS)))
