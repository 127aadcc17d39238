"""A publisher's part of the registry in Redis."""

import secrets

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting, RegistryUnavailable
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.redis.publishing import RedisPublishing
from flask_realtime.registries.redis.registry import RedisRegistry

from ....eventually import DEADLINE
from ....ports import free_port


def config(url, **settings):
    patient = {"REALTIME_REDIS": url, "REALTIME_REDIS_TIMEOUT_SECONDS": DEADLINE}
    return Config.from_mapping({**patient, **settings})


def test_publishing_shares_logs_and_clients_with_the_app(redis_url):
    """A publisher needs only the address and the prefix, and its logs are no longer than the
    app's."""
    prefix = secrets.token_hex(4)
    shared = {"REALTIME_REDIS_PREFIX": prefix}
    registry = RedisRegistry(config(redis_url, **shared, REALTIME_HISTORY_SIZE=2))
    registry.subscribe("d" * 64, ["room"])
    start = registry.read({"room": None}, 1)["room"].tail
    publishing = RedisPublishing(config(redis_url, **shared), "redis_url")

    known = publishing.clients.subscriptions(["d" * 64, "e" * 64], publishing.deadline())
    pushes = [Push("room", str(number), f"id-{number}") for number in range(3)]
    publishing.log.publish(pushes)

    assert set(known["d" * 64]) == {"room"}
    assert known["e" * 64] is None
    assert registry.read({"room": start}, 1000)["room"].lost
    publishing.close()
    registry.close()


def test_publishing_connects_at_the_first_call_and_names_the_setting():
    """A publisher can be created while Redis is down."""
    publishing = RedisPublishing(config(f"redis://127.0.0.1:{free_port()}/0"), "redis_url")

    with pytest.raises(RegistryUnavailable, match=r"\(redis_url\)"):
        publishing.log.publish([Push("room", "1", "id")])


def test_publishing_refuses_an_address_of_which_nothing_comes():
    """An unusable address is an error at the publisher's creation."""
    with pytest.raises(InvalidSetting, match="redis_url"):
        RedisPublishing(config(lambda: None), "redis_url")
