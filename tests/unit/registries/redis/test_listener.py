"""The listener that receives Redis's announcements."""

import logging
import queue
import threading

import pytest
import redis

from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import ConnectionLost, Deadline
from flask_realtime.registries.redis.listener import RedisListener
from tests.eventually import DEADLINE, eventually

from .servers import server


def nothing(*_):
    """A callback that ignores its arguments."""


@pytest.fixture
def listen_to():
    """A function that makes a listener to the Redis at a URL."""
    listeners = []

    def make(url, hear=nothing, interrupted=nothing, restored=nothing):
        address = RedisAddress(url, "url", 5)
        listener = RedisListener(address, 5, (b"control",), hear, interrupted, restored)
        listeners.append(listener)
        return listener

    yield make
    for listener in listeners:
        listener.close()


def test_messages_arrive_in_order(listen_to, redis_url):
    """Messages arrive in order from the moment at which listen() returns."""
    heard = queue.Queue()
    listener = listen_to(redis_url, hear=lambda *message: heard.put(message))
    listener.listen([b"a"], Deadline(10))

    with redis.Redis.from_url(redis_url) as client:
        for number in range(3):
            client.publish("a", str(number))
        client.publish("b", "not for us")
        client.publish("control", "last")

    messages = [heard.get(timeout=DEADLINE) for _ in range(4)]
    assert messages == [(b"a", b"0"), (b"a", b"1"), (b"a", b"2"), (b"control", b"last")]


def test_messages_before_garbage_are_handed_on(listen_to):
    """The connection receives garbage. Messages before it are delivered, and the next connection
    works."""
    heard, interrupted = queue.Queue(), threading.Event()

    def babble(peer):
        while b"SUBSCRIBE" not in (asked := peer.recv(65536)):
            peer.sendall(b"+OK\r\n" * asked.count(b"CLIENT"))
        peer.sendall(b"*3\r\n$7\r\nmessage\r\n$7\r\ncontrol\r\n$2\r\nhi\r\n?garbage\r\n")
        peer.recv(65536)

    with server(babble) as url:
        listener = listen_to(url, lambda *message: heard.put(message), interrupted.set)
        with pytest.raises(ConnectionLost):
            listener.listen([], Deadline(10))

        assert heard.get(timeout=DEADLINE) == (b"control", b"hi")
        assert interrupted.wait(DEADLINE)


def read_to_the_end(peer):
    """Send nothing, and read until the client closes."""
    while peer.recv(65536):
        pass


@pytest.mark.parametrize("seconds", [0, 0.05])
def test_wait_whose_deadline_is_over_leaves_nothing_behind(listen_to, seconds):
    """Redis is silent while pages come again and again. Waits whose deadline is over leave nothing
    in memory."""
    with server(read_to_the_end) as url:
        listener = listen_to(url)

        for number in range(3):
            with pytest.raises(ConnectionLost) as caught:
                listener.listen([b"name %d" % number], Deadline(seconds))
            assert caught.value.is_late

        assert listener._due.give_all_up() == []


def test_closing_does_not_wait_for_the_next_attempt(listen_to):
    """A worker stops during a pause of seconds between two attempts. Closing does not wait for the
    pause."""
    with server() as url:
        pass
    listener = listen_to(url)
    for _ in range(2):
        with pytest.raises(ConnectionLost):
            listener.listen([], Deadline(10))

    listener.close()

    assert listener._has_ended.is_set()


def test_redis_that_stays_down_is_logged_seldom(listen_to, caplog):
    """The first failed attempt is logged as an ERROR, and the next ones at DEBUG."""
    caplog.set_level(logging.DEBUG, logger="flask_realtime")
    with server() as url:
        pass
    listener = listen_to(url)

    with pytest.raises(ConnectionLost):
        listener.listen([], Deadline(10))
    said = "Lost the connection that listens to"
    told = lambda: [one for one in caplog.records if said in one.getMessage()]  # noqa: E731
    eventually(lambda: len(told()) >= 4)

    assert [one.levelno for one in told()[:4]] == [logging.ERROR, *3 * [logging.DEBUG]]
