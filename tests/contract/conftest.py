"""Registries of every kind, and where processes can share one a second process."""

from __future__ import annotations

import itertools
import secrets

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.pushes import Push
from flask_realtime.protocol.routes import TO_ALL

from ..eventually import DEADLINE
from .recorder import Recorder


def pytest_generate_tests(metafunc):
    """Run each test with every kind of registry; a test with a second process only with Redis."""
    if "open_registry" in metafunc.fixturenames:
        # Tests about time take long, and a cluster has no other clock.
        is_about_time = metafunc.module.__name__.endswith(("expiry", "history"))
        shared = ["redis"] if is_about_time else ["redis", "redis_cluster"]
        kinds = shared if "other" in metafunc.fixturenames else ["memory", *shared]
        metafunc.parametrize("kind", kinds)


@pytest.fixture
def open_registry(request, kind):
    """A function that opens a registry with REALTIME_* settings; all that one test opens have the
    same store."""
    opened = []
    prefix = "contract-" + secrets.token_hex(6)

    def open_one(recorder=None, **settings):
        settings = {f"REALTIME_{name}": value for name, value in settings.items()}
        if kind != "memory":
            from flask_realtime.registries.redis.registry import RedisRegistry as kind_of_registry

            settings["REALTIME_REDIS"] = request.getfixturevalue(f"{kind}_url")
            settings["REALTIME_REDIS_PREFIX"] = prefix
            # No test here is about slowness, and a loaded machine is slow.
            settings.setdefault("REALTIME_REDIS_TIMEOUT_SECONDS", DEADLINE)
        else:
            from flask_realtime.registries.memory.registry import MemoryRegistry as kind_of_registry
        registry = kind_of_registry(Config.from_mapping(settings))
        registry.start((recorder or Recorder()).receiver())
        opened.append(registry)
        return registry

    yield open_one

    for registry in opened:
        registry.close()


@pytest.fixture
def heard():
    """A recorder of what ``registry`` tells its process."""
    return Recorder()


@pytest.fixture
def registry(open_registry, heard):
    """A registry with the default settings."""
    return open_registry(heard)


@pytest.fixture
def heard_by_other():
    """A recorder of what ``other`` tells its process."""
    return Recorder()


@pytest.fixture
def other(open_registry, heard_by_other):
    """The registry of a second process, with the same store."""
    return open_registry(heard_by_other)


@pytest.fixture
def push():
    """A function that makes a Push with an id of its own."""
    ids = itertools.count(1)

    def make(channel, payload='"hello"', push_id=None, route=TO_ALL):
        return Push(channel, payload, push_id or f"push-{next(ids)}", route)

    return make


@pytest.fixture
def fill(push):
    """A function that pushes some numbers down a channel and returns the position before each
    and the last one: ``fill(registry, "c", 3)[2]`` has all but the third."""

    def fill(registry, channel, count, size=0) -> list[Position]:
        start = registry.read({channel: None}, 1)[channel].tail
        pushes = [push(channel, str(number).zfill(size)) for number in range(1, count + 1)]
        return [start, *registry.publish(pushes)]

    return fill
