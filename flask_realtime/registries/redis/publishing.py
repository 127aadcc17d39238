"""The part of the registry in Redis that a :class:`~flask_realtime.Publisher` needs."""

from __future__ import annotations

from ...config.settings import Config
from .address import RedisAddress
from .clients import RedisClients
from .connection import Deadline
from .keys import RedisKeys
from .log import RedisLog
from .pool import RedisPool
from .survey import RedisSurvey


class RedisPublishing:
    """One Redis, for a caller that knows its address and none of the app's other settings.

    If the app has noted with a channel how much its log keeps, that counts. It connects at the
    first call, and listens to nothing.

    :param config: settings; the address, the prefix and the timeout are used.
    :param setting: what errors call the address, such as ``"redis_url"``.
    :raises InvalidSetting: if the address cannot be used.
    """

    def __init__(self, config: Config, setting: str) -> None:
        seconds = config.redis_timeout_seconds
        address = RedisAddress(config.redis, setting, seconds)
        keys = RedisKeys(config.redis_prefix, address.database)
        self._pool = RedisPool(address, seconds, RedisSurvey(address, keys))
        #: The log of each channel.
        self.log = RedisLog(self._pool, keys, config, is_guess=True)
        #: The clients. None of their connections belongs to this process.
        self.clients = RedisClients(self._pool, keys, config, "")

    def deadline(self) -> Deadline:
        """Return the deadline of a call that begins now."""
        return self._pool.deadline()

    def close(self) -> None:
        """Close all connections to Redis."""
        self._pool.close()
