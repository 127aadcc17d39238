"""Where subscriptions and logs are kept: in this process, or in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .base import Registry

if TYPE_CHECKING:
    from ..config.settings import Config


def make_registry(config: Config, has_other_processes: bool) -> Registry:
    """The registry that the settings ask for.

    What ``REALTIME_REGISTRY`` names outright; else Redis if ``REALTIME_REDIS`` is set, or if other
    processes serve the same app; else memory.
    """
    chosen = config.registry
    if chosen is None:
        chosen = "redis" if config.redis is not None or has_other_processes else "memory"
    if chosen == "memory":
        from .memory.registry import MemoryRegistry

        return MemoryRegistry(config)
    if chosen == "redis":
        from .redis.registry import RedisRegistry

        return RedisRegistry(config)
    return cast(Registry, chosen(config) if isinstance(chosen, type) else chosen)
