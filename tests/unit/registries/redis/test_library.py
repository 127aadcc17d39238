"""The clients that a function in REALTIME_REDIS may return."""

import fakeredis
import pytest
import redis
import redis.asyncio
import valkey
import valkey.sentinel

from flask_realtime.errors import InvalidSetting
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import ConnectionLost, Deadline, RedisConnection
from flask_realtime.registries.redis.library import Library

from ....eventually import DEADLINE
from ....ports import free_port


@pytest.mark.parametrize("client", [redis.Redis, valkey.Valkey])
def test_client_of_either_library_is_used(client, redis_url):
    """The client may be redis-py's or valkey-py's, which has errors of its own."""
    address = RedisAddress(lambda: client.from_url(redis_url), "SETTING", DEADLINE)

    connection = RedisConnection(address, Deadline(DEADLINE))

    assert connection.exchange([("PING",)], Deadline(DEADLINE)) == [b"PONG"]
    connection.close()


@pytest.mark.parametrize("client", [redis.Redis, valkey.Valkey])
def test_error_of_either_library_is_a_lost_connection(client):
    """An error of the library becomes our own error."""
    url = f"redis://127.0.0.1:{free_port()}"
    address = RedisAddress(lambda: client.from_url(url), "SETTING", DEADLINE)

    with pytest.raises(ConnectionLost, match="refused"):
        RedisConnection(address, Deadline(DEADLINE))


def test_sentinel_of_valkey_is_asked():
    """Sentinel's pool is asked for the master's address at each connection."""
    sentinel = valkey.sentinel.Sentinel([("127.0.0.1", free_port())])
    address = RedisAddress(lambda: sentinel.master_for("mymaster"), "SETTING", DEADLINE)

    assert "the master that Sentinel names" in str(address)
    with pytest.raises(ConnectionLost, match="mymaster"):
        RedisConnection(address, Deadline(DEADLINE))


class Cluster:
    """A client of a cluster, which redis-py cannot make without a cluster."""

    nodes_manager = object()


@pytest.mark.parametrize(
    ("client", "reason"),
    [
        (redis.asyncio.Redis(), "redis Redis, which needs an event loop"),
        (fakeredis.FakeRedis(), "connects to no server.*REALTIME_REGISTRY to 'memory'"),
        (Cluster(), "cluster of several nodes"),
        (object(), "builtins object, which has no connection pool"),
        (None, "builtins NoneType, which has no connection pool"),
    ],
)
def test_client_that_cannot_be_used_is_refused_in_words(client, reason):
    """The error names what the function has returned, and what is expected."""
    with pytest.raises(InvalidSetting, match=f"(?s)SETTING returned a .*{reason}.*redis.Redis"):
        Library.of(client, "SETTING")
