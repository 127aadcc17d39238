"""One connection to Redis, and the replies that arrive on it."""

import pytest

from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import ConnectionLost, Deadline, RedisConnection

from .servers import log_in, server, trickle


@pytest.fixture
def connection(redis_url):
    """A connection to a real Redis."""
    connection = RedisConnection(RedisAddress(redis_url, "url", 5), Deadline(5))
    yield connection
    connection.close()


def test_exchange_returns_replies_in_order(connection):
    """Replies come in order, with errors among them."""
    commands = [("PING",), ("NO-SUCH-COMMAND",), ("ECHO", "é")]

    replies = connection.exchange(commands, Deadline(5))

    assert replies[0] == b"PONG"
    assert replies[1].code == "ERR"
    assert replies[2] == "é".encode()


def test_replies_before_garbage_are_handed_on():
    """The connection receives garbage and is dropped. The error holds the replies before it, so
    that what Redis did is known."""

    def reply_and_babble(peer):
        log_in(peer)
        peer.sendall(b"+one\r\n:2\r\nHTTP/1.1 400 Bad Request\r\n")

    with server(reply_and_babble) as url:
        connection = RedisConnection(RedisAddress(url, "url", 5), Deadline(5))

        with pytest.raises(ConnectionLost, match="is not Redis's protocol") as caught:
            connection.exchange([("PING",)] * 3, Deadline(5))

        connection.close()
    assert caught.value.replies == [b"one", 2]
    assert not caught.value.is_late


def test_deadline_covers_all_that_a_call_receives():
    """A reply that trickles in slowly does not extend the deadline."""

    with server(trickle) as url:
        connection = RedisConnection(RedisAddress(url, "url", 5), Deadline(5))
        with pytest.raises(ConnectionLost) as caught:
            connection.exchange([("PING",)], Deadline(0.2))
        connection.close()
    assert caught.value.is_late
