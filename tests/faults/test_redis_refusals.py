"""Redis refuses commands: it is read-only, out of memory, or busy with a script."""

import contextlib
import threading
import uuid

import pytest
import redis

from flask_realtime import RegistryUnavailable
from flask_realtime.config.settings import Config
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.redis.registry import RedisRegistry
from flask_realtime.registries.subscriptions import Known
from tests.eventually import DEADLINE, eventually
from tests.integration.browsers import Browser

# Far longer than any call may take.
SCRIPT_SECONDS = 20
SLOW = "local t = redis.call('TIME')[1] while redis.call('TIME')[1] - t < tonumber(ARGV[1]) do end"


@contextlib.contextmanager
def read_only(scene):
    with scene.redis() as client:
        client.replicaof("127.0.0.1", 1)
        yield "READONLY"
        client.replicaof("no", "one")


@contextlib.contextmanager
def out_of_memory(scene):
    with scene.redis() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        yield "OOM"
        client.config_set("maxmemory", 0)


@contextlib.contextmanager
def busy(scene):
    with scene.redis() as client:
        client.config_set("busy-reply-threshold", 100)
        running = threading.Thread(target=run_slow_script, args=(scene,), daemon=True)
        running.start()
        eventually(lambda: is_busy(client))
        yield "BUSY"
        client.execute_command("SCRIPT", "KILL")
        running.join(DEADLINE)


def run_slow_script(scene):
    with scene.redis() as client, contextlib.suppress(redis.RedisError):
        client.eval(SLOW, 0, SCRIPT_SECONDS)


def is_busy(client):
    try:
        client.ping()
    except redis.exceptions.ResponseError as error:
        return "BUSY" in str(error)
    return False


@pytest.mark.parametrize("refusing", [read_only, out_of_memory, busy])
def test_what_is_refused_is_an_error_with_a_push_id(scene, refusing):
    """A refused push is an error that says why, a page is rendered all the same, nothing else is
    disturbed, and the same push can be repeated later."""
    channel, push_id = scene.channel(), uuid.uuid4().hex
    with scene.listen(channel) as socket:
        with refusing(scene) as code:
            refused = scene.push("once", channel, push_id)
            page = Browser(scene.server.url).http.get(
                f"{scene.server.url}/page/{channel}", timeout=DEADLINE
            )
            with pytest.raises(RegistryUnavailable, match=code) as raised:
                scene.elsewhere.push("once", channel, push_id=push_id)
            hello = scene.says_hello()
            socket.settle()
        for _ in range(2):
            scene.push_until_accepted("once", channel, push_id)
        scene.push_until_accepted("after", channel)

        assert (refused.status_code, refused.json()) == (503, {"push_id": push_id})
        assert page.status_code == 200
        assert raised.value.push_id == push_id
        assert hello
        assert socket.payloads(2) == ["once", "after"]


def test_what_a_process_knows_is_brought_to_a_redis_out_of_memory(scene):
    """A process can write again that a page left a channel, even if Redis is out of memory and has
    forgotten the socket."""
    config = Config(redis=scene.url, redis_prefix=scene.prefix, redis_timeout_seconds=DEADLINE)
    registry = RedisRegistry(config)
    registry.subscribe("digest-1", ["kept", "left"])
    found = registry.subscriptions(["digest-1"])["digest-1"]
    record = ConnectionRecord("digest-1", "1", {name: one.since for name, one in found.items()})

    with out_of_memory(scene):
        registry.unsubscribe("digest-1", ["left"])
        (stands,) = registry.restore([(record, Known().joined(found))])
    registry.close()

    assert set(stands) == {"kept"}
