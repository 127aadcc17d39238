"""An error about one of several things that a registry was asked for."""

import contextlib

import pytest
import redis

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.pool import RedisPool
from flask_realtime.registries.unreadable import Unreadable

from ...eventually import DEADLINE


@pytest.mark.parametrize(
    ("command", "kind"),
    [(("GET", "theirs"), Unreadable), (("NO-SUCH-COMMAND",), RegistryUnavailable)],
)
def test_data_of_somebody_else_is_told_from_a_registry_that_is_away(redis_url, command, kind):
    """Somebody else has a list under one of our names. Whoever asks for that name learns that the
    registry is there; an app catches both errors as one."""
    pool = RedisPool(RedisAddress({"url": redis_url}, "url", DEADLINE), DEADLINE)
    with contextlib.closing(pool), redis.Redis.from_url(redis_url) as client:
        client.rpush("theirs", 1)

        with pytest.raises(RegistryUnavailable) as raised:
            pool.ask([command], Deadline(DEADLINE))

    assert raised.type is kind
