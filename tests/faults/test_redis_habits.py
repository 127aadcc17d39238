"""An app shares a Redis with others, who change its password, its memory limit, or its data."""

import pytest

from flask_realtime import Publisher
from tests.eventually import DEADLINE, eventually

from .scene import Scene

# So short that a process refreshes the channels that it hears within a second.
SETTINGS = {"CONNECT_TIMEOUT_SECONDS": 2, "DISCONNECT_TIMEOUT_SECONDS": 2, "HISTORY_TTL_SECONDS": 1}


@pytest.fixture(scope="module", params=["gevent", "gthread"])
def scene(request):
    options = ("--threads", "20") if request.param == "gthread" else ()
    with Scene(request.param, options=options, **SETTINGS) as scene:
        yield scene


def health(scene):
    return scene.visit(scene.channel())[0].get("/health").json()


def test_listener_outlives_a_password_that_comes_at_run_time(scene):
    """Probes are refused then, which is no sign that the listener hears nothing."""
    channel, lost = scene.channel(), scene.lost_links()
    with scene.listen(channel) as socket, scene.redis() as redis:
        browser, _ = scene.visit(channel)
        redis.config_set("requirepass", "secret")
        redis.client_kill_filter(_type="normal", skipme=True)
        try:
            # Each call of health() probes.
            states = [browser.get("/health").json()["listening"] for _ in range(3)]
            url = scene.url.replace("://", "://:secret@")
            with Publisher(url, prefix=scene.prefix, timeout=DEADLINE) as publisher:
                publisher.push("heard", channel)

            assert socket.payloads(1) == ["heard"]
            assert states[0]
            assert scene.lost_links() == lost
        finally:
            redis.config_set("requirepass", "")


def test_channel_that_redis_has_taken_off_the_list_is_listed_again(scene):
    """A process that hears the channel lists it at the next refresh, so that patterns reach it."""
    channel, listed = scene.channel(), f"{scene.prefix}:channels"
    with scene.listen(channel) as socket, scene.redis() as redis:
        redis.delete(listed)
        eventually(lambda: redis.zscore(listed, channel))
        scene.elsewhere.push("to all", pattern="channel-*")

        assert socket.payloads(1) == ["to all"]


def test_redis_that_may_evict_keys_is_told(scene):
    """health() says so, and a warning names the setting to change."""
    with scene.redis() as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        evicting = health(scene)["may_evict_keys"]
        redis.config_set("maxmemory-policy", "noeviction")

    assert evicting
    assert not health(scene)["may_evict_keys"]
    assert "maxmemory-policy is allkeys-lru" in scene.server.log()


def test_app_in_another_database_is_not_heard(scene):
    """Pub/sub in Redis ignores databases, but apps with the same prefix do not hear each other."""
    channel = scene.channel()
    url = scene.url.removesuffix("/0") + "/1"
    with (
        scene.listen(channel) as socket,
        Publisher(url, prefix=scene.prefix, timeout=DEADLINE) as other,
    ):
        for _ in range(3):
            other.push("foreign", channel)
        scene.push_until_accepted("own", channel)

        assert socket.payloads(1) == ["own"]
    assert "are missing; reading its log" not in scene.server.log()


def test_channel_a_job_costs_nothing_for_long(scene):
    """Channels without subscribers, or whose page never connected, soon expire."""
    pushed, awaited = scene.channel(), scene.channel()
    scene.push_until_accepted("progress", pushed)
    scene.visit(awaited)
    with scene.redis() as redis:

        def kept():
            names = [f"{scene.prefix}:channel:{{{one}}}:" for one in (pushed, awaited)]
            return [key for name in names for key in redis.keys(name + "[sl]*")]

        assert kept()
        eventually(lambda: not kept())
