"""The address of Redis in the settings, and how it is reached."""

import pytest
import redis

from flask_realtime.errors import InvalidSetting
from flask_realtime.registries.redis.address import DEFAULT_URL, RedisAddress

URL = "redis://:hidden@example.test:7000/3?max_connections=7"
CLIENT = {"host": "example.test", "port": 7000, "password": "hidden", "db": 3}


@pytest.mark.parametrize(
    "setting",
    [
        URL,
        {"url": URL},
        {"url": "redis://example.test:7000/3", "password": "hidden", "max_connections": 7},
        lambda: redis.Redis.from_url(URL),
        lambda: redis.Redis(connection_pool=redis.ConnectionPool(**CLIENT, max_connections=7)),
    ],
    ids=["url", "dict", "dict with options", "client of a url", "client"],
)
def test_address_is_the_same_however_it_is_given(setting):
    """A URL, a dict and a function lead to the same Redis, and none shows its password."""
    address = RedisAddress(setting, "REALTIME_REDIS", 1.0, "because")

    connection = address.connection(0.5)
    assert (connection.host, connection.port, address.database) == ("example.test", 7000, 3)
    assert (connection.password, address.max_connections) == ("hidden", 7)
    assert "example.test:7000" in str(address) and "(REALTIME_REDIS, because)" in str(address)
    assert "hidden" not in str(address)


def test_address_is_that_of_this_machine_where_none_is_given():
    """Without an address Redis is on this machine, as with redis-py."""
    address = RedisAddress(None, "REALTIME_REDIS", 1.0)

    connection = address.connection(0.5)
    assert (connection.host, connection.port) == ("localhost", 6379)
    assert DEFAULT_URL in str(address)


def test_options_that_would_work_against_the_deadline_are_overruled():
    """redis-py's own retries could append twice, and its timeouts outlast the call, so both are
    overruled."""
    client = redis.Redis(
        host="example.test", socket_timeout=60, socket_connect_timeout=60,
        decode_responses=True, health_check_interval=1,
    )  # fmt: skip

    connection = RedisAddress(lambda: client, "REALTIME_REDIS", 1.0).connection(0.5)

    assert (connection.socket_timeout, connection.socket_connect_timeout) == (0.5, 0.5)
    assert connection.health_check_interval == 0
    assert connection.encoder.decode_responses is False
    assert client.connection_pool.connection_kwargs["socket_timeout"] == 60


@pytest.mark.parametrize(
    "setting",
    [
        "redis://:hidden@localhost?socket_keepalive=perhaps&no_such_option=1",
        {"url": "redis://localhost", "no_such_option": 1},
        "gopher://:hidden@localhost",
    ],
)
def test_setting_that_redis_py_refuses_is_named(setting):
    """The error says which setting it is, and quotes no password."""
    with pytest.raises(InvalidSetting, match="redis-py refuses REALTIME_REDIS") as caught:
        RedisAddress(setting, "REALTIME_REDIS", 1.0)

    assert "hidden" not in str(caught.value)


def test_secrets_are_taken_out_of_what_others_say():
    """An error of the server or the library may quote the password, which is removed."""
    address = RedisAddress(URL, "REALTIME_REDIS", 1.0)

    assert address.without_secrets("no user for 'hidden'") == "no user for '***'"
