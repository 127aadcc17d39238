"""The library of a client of Redis: redis-py, or valkey-py, which began as a copy of it."""

from __future__ import annotations

import importlib
from typing import Any

from ...errors import InvalidSetting

# For each library the names of its client class and of the root of its errors.
_KNOWN = {"redis": ("Redis", "RedisError"), "valkey": ("Valkey", "ValkeyError")}


class Library:
    """redis-py or valkey-py.

    :param name: ``"redis"`` or ``"valkey"``.
    """

    def __init__(self, name: str) -> None:
        client, error = _KNOWN[name]
        # Not at import of this module: it would load ssl before gevent patches it.
        import redis.sentinel

        # valkey-py is installed if the user gives a client of it.
        self.module: Any = redis if name == "redis" else importlib.import_module(name)
        self.sentinel: Any = importlib.import_module(f"{name}.sentinel")
        self.client: Any = getattr(self.module, client)
        self.error: type[Exception] = getattr(self.module, error)

    @classmethod
    def of(cls, client: Any, name: str) -> Library:
        """Return the library of a client that a user's function returned.

        :param name: the name of the setting that holds the function, for errors.
        :raises InvalidSetting: if this package cannot use such a client, with the reason.
        """
        pool = getattr(client, "connection_pool", None)
        reason = _refusal(client, pool)
        if reason is not None:
            raise InvalidSetting(
                f"The function in {name} returned a {_name_of(type(client))}, {reason} "
                "Return a client with one connection pool, such as redis.Redis, valkey.Valkey, "
                "or what Sentinel.master_for() returns."
            )
        return cls(next(root for root in _roots(type(pool)) if root in _KNOWN))


def _refusal(client: Any, pool: Any) -> str | None:
    if hasattr(client, "nodes_manager"):
        return (
            "which is a client of a cluster of several nodes: the logs, clients and announcements "
            "of an app need one Redis, which may have replicas."
        )
    if not hasattr(pool, "connection_kwargs"):
        return "which has no connection pool."
    of_connection = pool.connection_class
    if any(".asyncio" in kind.__module__ for kind in (*type(pool).__mro__, *of_connection.__mro__)):
        return "which needs an event loop, and this package calls Redis from threads and greenlets."
    if "fakeredis" in _roots(of_connection):
        return (
            "which connects to no server: where one process is enough, as in tests, set "
            "REALTIME_REGISTRY to 'memory'."
        )
    if not any(root in _KNOWN for root in _roots(type(pool))):
        return "which is neither redis-py's nor valkey-py's."
    return None


def _roots(kind: type) -> list[str]:
    """Return the packages of a class and of its bases."""
    return [base.__module__.partition(".")[0] for base in kind.__mro__]


def _name_of(kind: type) -> str:
    return f"{kind.__module__.partition('.')[0]} {kind.__qualname__}"
