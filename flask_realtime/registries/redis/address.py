"""Makes connections from the setting that says where Redis is."""

from __future__ import annotations

from typing import Any

from ...config.redaction import without_passwords
from ...errors import InvalidSetting
from .library import Library

DEFAULT_URL = "redis://localhost:6379/0"

# The part of a call's deadline that all sentinels together may take, even if none answers.
SENTINELS_PART = 0.5

# Options of redis-py that this package sets by itself or does not use: one deadline covers a whole
# call, this package decides about repeats (redis-py's own would append twice), and it reads replies
# by itself, in RESP 2.
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
    """Makes connections to one Redis by redis-py or valkey-py: TCP, TLS, Unix sockets, Sentinel.

    :param setting: a URL, a dict with ``url`` and redis-py's options, a function that returns a
        client, whose pool's class and options are copied, or None: Redis at its default URL.
    :param name: the name of the setting, for errors.
    :param seconds: how long a call may take in all.
    :param reason: why Redis is needed, if the setting is None.
    :raises InvalidSetting: if redis-py cannot use the setting, or this package the client.
    """

    def __init__(self, setting: Any, name: str, seconds: float, reason: str = "") -> None:
        self._name = name
        self._reason = reason
        if callable(setting):
            client = setting()
            library = Library.of(client, name)
            pool = _copy(client.connection_pool, library, seconds)
        else:
            library = Library("redis")
            pool = _pool_at(setting, name, library, seconds)
        # Kept, because a connection that asks Sentinel has only a weak reference to its pool.
        self._pool = pool
        self._options = dict(self._pool.connection_kwargs)
        self._text = _text(setting, self._options)
        self._secrets = [
            secret
            for secret in map(self._options.get, ("password", "ssl_password"))
            if isinstance(secret, str) and secret
        ]
        #: The root of the errors that the library's connections raise.
        self.error: type[Exception] = library.error
        #: How many connections the user lets this process have.
        self.max_connections: int = self._pool.max_connections
        #: The number of the database within Redis.
        self.database = int(self._options.get("db") or 0)
        self._check()

    def __str__(self) -> str:
        reason = f", {self._reason}" if self._reason else ""
        return f"Redis at {self._text} ({self._name}{reason})"

    def connection(self, seconds: float) -> Any:
        """Return one of the library's connections, not connected yet.

        :param seconds: how long each step of connecting may take.
        """
        return self._pool.connection_class(
            **self._options, socket_timeout=seconds, socket_connect_timeout=seconds
        )

    def without_secrets(self, text: str) -> str:
        """Return *text* without passwords, for an error or a log."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _check(self) -> None:
        try:
            self.connection(1.0)
        except (TypeError, ValueError) as error:
            reason = self.without_secrets(str(error))
            # Not chained: the cause may quote the options.
            raise InvalidSetting(f"redis-py refuses {self._name}: {reason}") from None


def _pool_at(setting: Any, name: str, library: Library, seconds: float) -> Any:
    options = {"url": setting or DEFAULT_URL} if not isinstance(setting, dict) else dict(setting)
    url = options.pop("url")
    try:
        pool = library.module.ConnectionPool.from_url(url, **options, protocol=2)
        return _copy(pool, library, seconds)
    except (TypeError, ValueError, library.error) as error:
        # Not chained, and not quoted if it may hold the URL.
        reason = "" if "://" in str(error) else f": {error}"
        shown = without_passwords(setting)
        raise InvalidSetting(f"redis-py refuses {name}, which is {shown}{reason}") from None


def _copy(pool: Any, library: Library, seconds: float, **changes: Any) -> Any:
    """Return a copy of the user's pool that does not repeat or decode, and speaks RESP 2."""
    options = {key: one for key, one in pool.connection_kwargs.items() if key not in _OVERRULED}
    options.update(protocol=2, connection_class=pool.connection_class, **changes)
    sentinel = library.sentinel
    if not isinstance(pool, sentinel.SentinelConnectionPool):
        return library.module.ConnectionPool(max_connections=pool.max_connections, **options)
    sentinels = pool.sentinel_manager
    each = seconds * SENTINELS_PART / max(1, len(sentinels.sentinels))
    # By default the library tries a sentinel that is away ten times before the next one.
    once = sentinel.Sentinel([], min_other_sentinels=sentinels.min_other_sentinels)
    once.sentinels = [
        library.client(
            connection_pool=_copy(
                one.connection_pool,
                library,
                seconds,
                socket_timeout=each,
                socket_connect_timeout=each,
            )
        )
        for one in sentinels.sentinels
    ]
    return sentinel.SentinelConnectionPool(
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
