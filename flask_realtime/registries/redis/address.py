"""Where Redis is and how it is reached: the setting, made into connections."""

from __future__ import annotations

from typing import Any

from ...config.kinds import without_passwords
from ...errors import InvalidSetting

DEFAULT_URL = "redis://localhost:6379/0"

# All sentinels together may cost this part of a call's deadline, though none of them answers.
SENTINELS_PART = 0.5

# Ours to say, or of no use: each call has one deadline, repeating is our decision (redis-py's own
# repeat appends twice), and we read the replies ourselves, in RESP 2.
_OVERRULED = frozenset(
    (
        "connection_pool",
        "decode_responses",
        "event_dispatcher",
        "health_check_interval",
        "maint_notifications_config",
        "maint_notifications_pool_handler",
        "orig_host_address",
        "orig_socket_connect_timeout",
        "orig_socket_timeout",
        "oss_cluster_maint_notifications_handler",
        "parser_class",
        "protocol",
        "retry",
        "retry_on_error",
        "retry_on_timeout",
        "socket_connect_timeout",
        "socket_timeout",
    )
)


class RedisAddress:
    """Makes connections to one Redis by redis-py: TCP, TLS, Unix sockets, Sentinel.

    :param setting: a URL, a dict with ``url`` and redis-py's options, a function that returns a
        client, whose pool's class and options are copied, or None: Redis at its default URL.
    :param name: what the setting is called where the user gave it.
    :param seconds: how long a call may take in all.
    :raises InvalidSetting: if redis-py cannot use it.
    """

    def __init__(self, setting: Any, name: str, seconds: float) -> None:
        self._name = name
        # Kept: a connection that asks Sentinel knows its pool by a weak reference only.
        self._pool = _pool(setting, name, seconds)
        self._options = dict(self._pool.connection_kwargs)
        self._text = _text(setting, self._options)
        self._secrets = [
            secret
            for secret in map(self._options.get, ("password", "ssl_password"))
            if isinstance(secret, str) and secret
        ]
        self.max_connections: int = self._pool.max_connections
        self._check()

    def __str__(self) -> str:
        return f"Redis at {self._text} ({self._name})"

    def connection(self, seconds: float) -> Any:
        """One of redis-py's connections, not connected yet, which takes *seconds* for a step."""
        return self._pool.connection_class(
            **self._options, socket_timeout=seconds, socket_connect_timeout=seconds
        )

    def without_secrets(self, text: str) -> str:
        """*text* as an error or a log may show it."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _check(self) -> None:
        try:
            self.connection(1.0)
        except (TypeError, ValueError) as error:
            reason = self.without_secrets(str(error))
            # Not chained: what lies below may quote the options.
            raise InvalidSetting(f"redis-py refuses {self._name}: {reason}") from None


def _pool(setting: Any, name: str, seconds: float) -> Any:
    # At import of this module it would load ssl before gevent patches it.
    import redis

    if callable(setting):
        return _copy(_pool_of(setting(), name), seconds)
    options = {"url": setting or DEFAULT_URL} if not isinstance(setting, dict) else dict(setting)
    url = options.pop("url")
    try:
        return _copy(redis.ConnectionPool.from_url(url, **options, protocol=2), seconds)
    except (TypeError, ValueError, redis.RedisError) as error:
        # Not chained, and not quoted where it may quote the URL.
        reason = "" if "://" in str(error) else f": {error}"
        shown = without_passwords(setting)
        raise InvalidSetting(f"redis-py refuses {name}, which is {shown}{reason}") from None


def _pool_of(client: Any, name: str) -> Any:
    pool = getattr(client, "connection_pool", None)
    if not hasattr(pool, "connection_kwargs"):
        raise InvalidSetting(
            f"The function in {name} returned a {type(client).__name__}; what is wanted is a "
            "client with one connection pool, such as redis.Redis, or what Sentinel.master_for() "
            "returns."
        )
    return pool


def _copy(pool: Any, seconds: float, **changes: Any) -> Any:
    """A pool like *pool*, which stays the user's: no retries of its own, no decoding, RESP 2."""
    import redis.sentinel

    options = {key: one for key, one in pool.connection_kwargs.items() if key not in _OVERRULED}
    options.update(protocol=2, connection_class=pool.connection_class, **changes)
    if not isinstance(pool, redis.sentinel.SentinelConnectionPool):
        return redis.ConnectionPool(max_connections=pool.max_connections, **options)
    sentinels = pool.sentinel_manager
    each = seconds * SENTINELS_PART / max(1, len(sentinels.sentinels))
    # redis-py would ask one that is dead ten times before it asks the next.
    once = redis.sentinel.Sentinel(  # type: ignore[no-untyped-call]
        [], min_other_sentinels=sentinels.min_other_sentinels
    )
    once.sentinels = [
        redis.Redis(
            connection_pool=_copy(
                sentinel.connection_pool,
                seconds,
                socket_timeout=each,
                socket_connect_timeout=each,
            )
        )
        for sentinel in sentinels.sentinels
    ]
    return redis.sentinel.SentinelConnectionPool(  # type: ignore[no-untyped-call]
        pool.service_name, once, is_master=pool.is_master, **options
    )


def _text(setting: Any, options: dict[str, Any]) -> str:
    if not callable(setting):
        url = setting["url"] if isinstance(setting, dict) else setting or DEFAULT_URL
        return without_passwords(url).strip("'\"")
    if "path" in options:
        return f"unix://{options['path']}"
    if "connection_pool" in options:
        return "the master that Sentinel names"
    return f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
