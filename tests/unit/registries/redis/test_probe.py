"""Probes that show whether messages published in Redis still arrive."""

import contextlib
import queue
import threading

import pytest
import redis

from flask_realtime.registries.redis import probe as module
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import ConnectionLost, Deadline
from flask_realtime.registries.redis.pool import RedisPool
from flask_realtime.registries.redis.probe import MARK, RedisProbe
from flask_realtime.registries.redis.server_time import ServerTime
from flask_realtime.threads import clock

from ....eventually import DEADLINE, eventually
from ....faults.tunnel import Tunnel
from ....ports import free_port


@pytest.fixture
def probe_at(tmp_path):
    """A function that makes a probe, and the queue of its findings."""
    with contextlib.ExitStack() as stack:

        def probe_at(url, seconds=DEADLINE):
            found = queue.Queue()
            pool = RedisPool(RedisAddress(url, "url", seconds), seconds)
            probe = RedisProbe(pool, tmp_path.name.encode(), ServerTime(), found.put)
            stack.callback(probe.close)
            return probe, found

        yield probe_at


@pytest.fixture
def hear(redis_url, tmp_path):
    """A function that delivers to a probe what is published under its process's name."""
    is_over = threading.Event()
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as listening:
        listening.subscribe(tmp_path.name)
        assert listening.get_message(timeout=DEADLINE)["type"] == "subscribe"

        def hand_on(probe):
            while not is_over.is_set():
                message = listening.get_message(timeout=0.01)
                if message is not None:
                    probe.arrived(message["data"])

        threads = []

        def hear(probe):
            threads.append(threading.Thread(target=hand_on, args=(probe,)))
            threads[0].start()

        yield hear
        is_over.set()
        for thread in threads:
            thread.join(DEADLINE)


def test_probe_that_arrives_says_how_long_it_took(hear, probe_at, redis_url):
    """The time is the lag that ``health()`` shows."""
    probe, _ = probe_at(redis_url)
    hear(probe)
    assert probe.lag_seconds is None

    assert probe.once()

    assert probe.lag_seconds > 0


def test_probe_brings_the_time_of_redis_along(hear, probe_at, redis_url):
    """A process tells by that time how late it hears an order, at no further round trip."""
    probe, _ = probe_at(redis_url)
    hear(probe)

    assert probe.once()

    now = clock.monotonic()
    at = probe._time.local(round(clock.now() * 1000))
    assert now - 1 < at < now + 1


def test_probe_that_nobody_hears_has_not_arrived(probe_at, redis_url):
    """A probe was published and does not arrive, so other messages do not arrive either."""
    probe, _ = probe_at(redis_url, seconds=0.2)

    assert not probe.once()


def test_probe_that_cannot_be_published_proves_nothing(probe_at):
    """Redis is down, which says nothing about the listener."""
    probe, found = probe_at(f"redis://127.0.0.1:{free_port()}/0", seconds=0.5)
    with pytest.raises(ConnectionLost):
        probe.once()

    probe.start()
    probe.hurry()

    assert found.get(timeout=DEADLINE) is None


def test_probes_are_made_again_and_again(hear, probe_at, redis_url, monkeypatch):
    """Probes are repeated, so a connection that dies later is noticed; more often when somebody
    waits."""
    probe, found = probe_at(redis_url)
    hear(probe)
    probe.start()
    probe.hurry()
    assert found.get(timeout=DEADLINE) is True

    monkeypatch.setattr(module, "PROBE_SECONDS", 0.01)
    probe.hurry()

    assert [found.get(timeout=DEADLINE) for _ in range(3)] == [True] * 3


def test_line_that_died_in_silence_is_found(hear, probe_at, redis_url):
    """A dead connection is noticed, whether or not it still accepts what is sent."""
    with contextlib.closing(Tunnel(int(redis_url.rpartition(":")[2].partition("/")[0]))) as tunnel:
        probe, found = probe_at(f"redis://127.0.0.1:{tunnel.port}/0", seconds=0.5)
        hear(probe)
        tunnel.freeze()

        probe.start()
        probe.hurry()

        assert found.get(timeout=DEADLINE) is None
        tunnel.thaw()
        probe.hurry()
        eventually(lambda: found.get(timeout=DEADLINE))


@pytest.mark.parametrize("data", [b"digest", MARK + b"of another"])
def test_what_is_no_probe_of_ours_is_left_alone(probe_at, redis_url, data):
    """Other messages under the process's name, and old probes, are ignored."""
    probe, _ = probe_at(redis_url)

    assert probe.arrived(data) is data.startswith(MARK)


def test_after_a_mark_that_has_not_come_nobody_waits_until_something_comes(
    probe_at, redis_url, monkeypatch
):
    """Announcements no longer arrive, and thousands of pages are taken off channels. One caller
    waits for its mark in vain; the next ones get none, until announcements arrive again."""
    monkeypatch.setattr(module, "MARK_SECONDS", 0.01)
    probe, _ = probe_at(redis_url)
    pool = RedisPool(RedisAddress(redis_url, "url", DEADLINE), DEADLINE)
    with contextlib.closing(pool):
        with probe.mark() as mark:
            mark.wait(pool.deadline())
        with probe.mark() as next_mark:
            next_mark.wait(pool.deadline())
        probe.arrived(mark.data)
        with probe.mark() as last_mark:
            probe.arrived(last_mark.data)
            last_mark.wait(pool.deadline())

    assert [mark.is_late, next_mark.is_late, last_mark.is_late] == [True, False, False]
    assert [bool(one.data) for one in (mark, next_mark, last_mark)] == [True, False, True]


def test_mark_is_not_waited_for_beyond_the_deadline(probe_at, redis_url):
    """The reply to what was asked came in the last moment. The caller goes on, and does not
    fail."""
    probe, _ = probe_at(redis_url)

    with probe.mark() as mark:
        mark.wait(Deadline(0))

    assert mark.is_late
