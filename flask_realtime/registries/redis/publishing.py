"""What a publisher needs of Redis: the logs, and how clients stand."""

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

    How much a log keeps is the app's to say, where the app has noted it with the channel. Nothing
    is connected before the first call, and nothing is heard.

    :param config: its address, prefix and timeout are used.
    :param setting: the name by which errors call the address, ``"redis_url"`` for example.
    :raises InvalidSetting: if the address cannot be used.
    """

    def __init__(self, config: Config, setting: str) -> None:
        seconds = config.redis_timeout_seconds
        address = RedisAddress(config.redis, setting, seconds)
        keys = RedisKeys(config.redis_prefix, address.database)
        self._pool = RedisPool(address, seconds, RedisSurvey(address, keys))
        #: The log of each channel.
        self.log = RedisLog(self._pool, keys, config, is_guess=True)
        #: The clients; none of their connections is of this process.
        self.clients = RedisClients(self._pool, keys, config, "")

    def deadline(self) -> Deadline:
        """Return the deadline of a call that begins now."""
        return self._pool.deadline()

    def close(self) -> None:
        """Close all connections to Redis."""
        self._pool.close()
