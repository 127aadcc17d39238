"""The registry in Redis: the number of round trips of its calls."""

import pytest
import redis

from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.pushes import Push
from flask_realtime.protocol.starts import Start
from flask_realtime.registries import make_registry
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.redis.connection import ConnectionLost
from flask_realtime.registries.redis.probe import Mark
from flask_realtime.registries.redis.registry import RedisRegistry

from ....contract.recorder import Recorder
from ....eventually import DEADLINE
from ....ports import free_port


@pytest.fixture
def opened(tmp_path):
    """A function that opens a registry on the Redis at a URL."""
    registries = []

    def open_at(url, recorder=None):
        settings = {
            "REALTIME_REDIS": url,
            "REALTIME_REDIS_PREFIX": tmp_path.name,
            "REALTIME_REDIS_TIMEOUT_SECONDS": DEADLINE,
        }
        registry = RedisRegistry(Config.from_mapping(settings))
        registry.start((recorder or Recorder()).receiver())
        registries.append(registry)
        return registry

    yield open_at
    for registry in registries:
        registry.close()


def test_subscribing_takes_one_step(opened, redis_url):
    """Subscribing to any number of channels, known or new, takes one round trip."""
    registry = opened(redis_url)
    registry.subscribe("first", ["lobby"])
    with redis.Redis.from_url(redis_url) as client:
        client.config_resetstat()

        registry.subscribe("second", ["lobby", *(f"new {number}" for number in range(20))])

        stats = client.info("commandstats")
    scripts = stats["cmdstat_evalsha"]["calls"]
    assert scripts == 1
    assert len(registry.subscriptions(["second"])["second"]) == 21
    assert "new 7" in registry.matching("new*")


def test_a_cluster_is_asked_in_one_step_only_once(opened, redis_cluster_url):
    """A cluster refuses a script over several slots. From then on each script has keys of one
    slot."""
    registry = opened(redis_cluster_url)
    with redis.Redis.from_url(redis_cluster_url) as client:
        client.config_resetstat()

        for number in range(3):
            registry.subscribe(f"client-{number}", ["a", "b"])

        refused = client.info("errorstats")["errorstat_CROSSSLOT"]
    # The oldest redis-py returns the text unparsed.
    assert refused in ({"count": 1}, "count=1")
    assert set(registry.subscriptions(["client-2"])["client-2"]) == {"a", "b"}


def test_databases_of_one_redis_are_apart(opened, redis_url):
    """Redis's pub/sub has no databases. An app in another database receives no push of this one,
    and does not look for missing ones."""
    urls = [redis_url, redis_url.removesuffix("/0") + "/1"]
    recorders = [Recorder(), Recorder()]
    registries = [opened(*one) for one in zip(urls, recorders, strict=True)]
    for number, registry in enumerate(registries):
        registry.listen(["a"])
        registry.subscribe(f"client-{number}", ["a"])
    for payload in ("first", "last"):
        for number, registry in enumerate(registries):
            registry.publish([Push("a", f"{payload} of {number}", None)])

    for number, recorder in enumerate(recorders):
        # Redis announces in order, so a push received by mistake comes before the last own one.
        recorder.wait_for_payload(f"last of {number}")
        assert recorder.payloads() == [f"first of {number}", f"last of {number}"]


@pytest.mark.parametrize("chosen", [{"registry": "redis"}, {}])
def test_redis_that_nobody_named_says_why_it_is_wanted(chosen):
    """No setting names a Redis. Its text in logs and errors names the setting, and says why a Redis
    is needed."""
    registry = make_registry(Config(**chosen), has_other_processes=True)

    reason = "REALTIME_REGISTRY asks" if chosen else "several processes serve this app"
    assert str(registry).startswith("Redis at redis://localhost:6379/0 (REALTIME_REDIS, not set; ")
    assert reason in str(registry)
    assert chosen or "set REALTIME_REDIS, or serve the app by one process" in str(registry)
    registry.close()


def test_user_who_is_put_out_while_redis_is_away_leaves_the_pages_of_this_process(opened):
    """The call fails, and the other processes are not told. This one needs no Redis for it."""
    recorder = Recorder()
    registry = opened(f"redis://127.0.0.1:{free_port()}/0", recorder)

    with pytest.raises(RegistryUnavailable):
        registry.end_user("kim", "room:7")

    assert recorder.unsubscribed == [("kim", "room:7")]


def test_refresh_tells_of_unknown_clients_while_redis_is_out_of_memory(store):
    """A Redis that refuses to note whose prefix it is still says which clients are unknown."""
    registry = store.open(owners=["app"])
    registry.subscribe("d1", ["room"])
    registry._survey._own.get().claimed_at = -1000.0
    store.client.config_set("maxmemory", 1)
    try:
        unknown = registry.refresh([ConnectionRecord("gone", "1", {})], [])
    finally:
        store.client.config_set("maxmemory", 0)

    assert unknown == ["gone"]


class Timeout(BaseException):
    """What stops a view, as gevent's Timeout."""


def test_page_leaves_although_its_view_gives_up_meanwhile(opened, redis_url, monkeypatch):
    """A view with a time limit of its own is stopped while it waits for what was pushed before.
    Redis has noted the leave, so the page leaves here as well."""

    def give_up(mark, deadline):
        raise Timeout

    recorder = Recorder()
    registry = opened(redis_url, recorder)
    registry.subscribe("digest", ["room"])
    registry.connect("digest", "1")
    monkeypatch.setattr(Mark, "wait", give_up)

    with pytest.raises(Timeout):
        registry.unsubscribe("digest", ["room"])

    assert recorder.left == [("digest", "room")]


@pytest.mark.parametrize("end", [ConnectionLost("the reply is lost", is_late=True), Timeout()])
def test_page_is_read_again_where_nobody_knows_whether_it_has_left(
    opened, redis_url, monkeypatch, end
):
    """Redis notes that a page leaves, and the reply is lost, or the view is stopped before it
    comes. This process, which Redis does not tell of its own calls, reads what the page hears."""
    recorder = Recorder()
    registry = opened(redis_url, recorder)
    registry.subscribe("digest", ["room"])
    registry.connect("digest", "1")
    pool = registry._pool
    run = pool.run

    def lose_the_reply(commands, deadline):
        run(commands, deadline)
        raise end

    monkeypatch.setattr(pool, "run", lose_the_reply)

    with pytest.raises((RegistryUnavailable, Timeout)):
        registry.unsubscribe("digest", ["room"])

    assert recorder.changed == ["digest"]
    assert recorder.left == []


def test_page_that_cannot_leave_is_not_read_while_redis_is_not_heard(opened):
    """Redis is away, and a page is to leave. Nothing is read, over and over, for each such page:
    all of them are read as soon as Redis is heard again."""
    recorder = Recorder()
    registry = opened(f"redis://127.0.0.1:{free_port()}", recorder)

    with pytest.raises(RegistryUnavailable):
        registry.unsubscribe("digest", ["room"])

    assert recorder.changed == []


def test_registry_knows_where_a_log_ended_when_a_page_left(store):
    """A page leaves two channels, of which one was never pushed to nor heard. For the other one it
    is known what was pushed before the page left, and where it had come, until it comes back."""
    registry = store.open()
    registry.subscribe("d1", {"room": Start(by_view=True)})
    came = registry.subscriptions(["d1"])["d1"]["room"].since
    (first, _) = registry.publish([Push("room", "1", "p1"), Push("room", "2", "p2")])
    registry.unsubscribe("d1", ["room", "never heard"])
    (later,) = registry.publish([Push("room", "3", "p3")])
    # Once more, as where the page's user is put out of the channel: that changes nothing.
    registry.unsubscribe("d1", ["room"])

    found = registry.subscriptions(["d1"])["d1"]
    assert set(found.ends) == {"room"}
    assert found.ends["room"].seq == later.seq - 1 == first.seq + 1
    assert found.begun == {"room": came}

    registry.subscribe("d1", ["room"])
    assert not registry.subscriptions(["d1"])["d1"].ends


def test_page_of_a_cluster_leaves_channels_of_any_slot(redis_cluster_url, opened):
    """A cluster refuses a script with keys in several slots: where the logs ended is not known."""
    registry = opened(redis_cluster_url, Recorder())
    registry.subscribe("d1", ["room", "hall"])

    registry.unsubscribe("d1", ["room"])

    found = registry.subscriptions(["d1"])["d1"]
    assert (set(found), set(found.left), found.ends) == ({"hall"}, {"room"}, {})
