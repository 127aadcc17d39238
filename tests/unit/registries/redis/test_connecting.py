"""Connecting within a deadline."""

import queue
import socket
import subprocess
import sys
import threading

import pytest

from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connecting import Connecting
from flask_realtime.registries.redis.connection import ConnectionLost, Deadline
from flask_realtime.registries.redis.pool import MOST_CONNECTIONS, RedisPool
from tests.eventually import DEADLINE

from ....ports import free_port
from ...starvation import no_thread_to_be_had


@pytest.fixture
def silent_name_service(monkeypatch):
    """Make the name service silent until the returned event is set."""
    may_answer = threading.Event()
    getaddrinfo = socket.getaddrinfo

    def answer_late(*args, **kwargs):
        may_answer.wait(DEADLINE)
        return getaddrinfo(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer_late)
    yield may_answer
    may_answer.set()


def test_attempt_whose_deadline_is_over_is_given_back_later(redis_url, silent_name_service):
    """The name service is slow. The caller gets an error at its deadline, and the connection is
    used by later calls."""
    given_back = queue.Queue()
    connecting = Connecting(RedisAddress(redis_url, "url", 5), given_back.put)

    with pytest.raises(ConnectionLost, match=r"not connected within 0\.2 s") as caught:
        connecting.run(Deadline(0.2))

    assert caught.value.is_late
    assert given_back.empty()
    silent_name_service.set()
    connection = given_back.get(timeout=DEADLINE)
    assert connection.exchange([("PING",)], Deadline(5)) == [b"PONG"]
    connection.close()


def test_attempt_that_fails_frees_its_place_at_once():
    """A failed attempt frees its place in the pool, and the caller gets its reason."""
    given_back = queue.Queue()
    address = RedisAddress(f"redis://127.0.0.1:{free_port()}", "url", 5)

    with pytest.raises(ConnectionLost, match="refused"):
        Connecting(address, given_back.put).run(Deadline(5))

    assert given_back.get_nowait() is None


def test_pool_answers_within_its_timeout_though_the_name_service_is_silent(
    redis_url, silent_name_service
):
    """A push fails after two seconds, not after the ten or twenty of a name server that is down,
    and abandoned attempts do not pile up."""
    pool = RedisPool(RedisAddress(redis_url, "url", 5), 0.2)
    before = threading.active_count()

    for _ in range(2 * MOST_CONNECTIONS):
        with pytest.raises(ConnectionLost) as caught:
            pool.run([("PING",)], Deadline(0.01))
        assert caught.value.is_late

    assert "connections are busy" in str(caught.value)
    assert threading.active_count() - before <= MOST_CONNECTIONS
    silent_name_service.set()
    assert pool.run([("PING",)], Deadline(10)) == [b"PONG"]
    pool.close()


SILENT = """
import sys

if sys.argv[1] == "gevent":
    from gevent import get_hub, monkey

    monkey.patch_all()
    Event, Timer = (monkey.get_original("threading", name) for name in ("Event", "Timer"))
    blocked = lambda: get_hub().threadpool.apply(has_answered.wait)
else:
    from threading import Event, Timer

    blocked = lambda: has_answered.wait()

import socket, threading, time
from flask_realtime import Publisher, RegistryUnavailable

def answer_late(*args, **kwargs):
    blocked()
    raise socket.gaierror("the name service was silent")

has_answered, others = Event(), []
socket.getaddrinfo = answer_late
late = Timer(30, has_answered.set)
late.start()
threading.Thread(target=lambda: [others.append(time.sleep(0.01)) for _ in range(3)]).start()
try:
    Publisher("redis://redis.example", timeout=0.5).push("hi", "room")
except RegistryUnavailable:
    print("before" if not has_answered.is_set() else "behind", len(others))
late.cancel()
has_answered.set()
"""


@pytest.mark.parametrize("kind", ["threads", "gevent"])
def test_push_waits_for_no_name_service(kind):
    """With threads and with greenlets, others run while the name service is slow."""
    done = subprocess.run(
        [sys.executable, "-c", SILENT, kind], capture_output=True, text=True, timeout=DEADLINE
    )

    assert done.stdout.split() == ["before", "3"], done.stderr


def test_attempt_needs_no_thread_where_none_is_to_be_had(redis_url):
    """A process that cannot start a thread connects on the caller's own thread."""
    given_back = queue.Queue()

    with no_thread_to_be_had():
        connection = Connecting(RedisAddress(redis_url, "url", 5), given_back.put).run(Deadline(5))

    assert connection.exchange([("PING",)], Deadline(5)) == [b"PONG"]
    assert given_back.empty()
    connection.close()
