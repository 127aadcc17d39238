"""Where subscriptions and logs are kept: in this process, or in Redis.

This module has every type that the constructor and the methods of a :class:`Registry` take or
return, for apps that have a registry of their own.
"""

from __future__ import annotations

from typing import cast

from ..config.settings import Config
from ..errors import RegistryUnavailable, TooManyChannels
from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..protocol.pushes import Push
from ..protocol.routes import Route, RouteKind
from ..protocol.starts import Past, Start, Starts
from .base import Registry
from .contract_check import check_answers
from .records import Arrival, ConnectionRecord, Disconnect, Grant, LogPage, RegistryEvents
from .subscriptions import Known, Subscription, Subscriptions

__all__ = [
    "Arrival",
    "Config",
    "ConnectionRecord",
    "Disconnect",
    "Grant",
    "Known",
    "LogPage",
    "Past",
    "Position",
    "Publication",
    "Push",
    "Registry",
    "RegistryEvents",
    "RegistryUnavailable",
    "Route",
    "RouteKind",
    "Start",
    "Starts",
    "Subscription",
    "Subscriptions",
    "TooManyChannels",
    "make_registry",
]


def make_registry(config: Config, has_other_processes: bool) -> Registry:
    """Return the registry that the settings ask for.

    It is what ``REALTIME_REGISTRY`` names; else Redis if ``REALTIME_REDIS`` is set, or if other
    processes serve the same app; else memory.

    :param config: the app's settings.
    :param has_other_processes: whether other processes serve the same app.
    """
    chosen = config.registry
    if chosen is None:
        chosen = "redis" if config.redis is not None or has_other_processes else "memory"
    if chosen == "memory":
        from .memory.registry import MemoryRegistry

        return MemoryRegistry(config)
    if chosen == "redis":
        from .redis.registry import RedisRegistry

        return RedisRegistry(config, _reason(config))
    registry = cast(Registry, chosen(config) if isinstance(chosen, type) else chosen)
    check_answers(registry)
    return registry


def reaches_other_processes(config: Config) -> bool:
    """Return whether pushes reach other processes, as far as the settings alone tell.

    :param config: the app's settings.
    """
    if config.registry is None:
        return config.redis is not None
    if isinstance(config.registry, str):
        return config.registry == "redis"
    return bool(config.registry.reaches_other_processes)


def _reason(config: Config) -> str:
    """Return why Redis is wanted, where nobody has said which."""
    if config.redis is not None:
        return ""
    if config.registry == "redis":
        return "not set; REALTIME_REGISTRY asks for Redis"
    return (
        "not set; several processes serve this app, which memory cannot reach: set REALTIME_REDIS, "
        "or serve the app by one process"
    )
