"""Stops hearing the channels that nobody is on, and keeps them known for pages that come back."""

from __future__ import annotations

from ..registries.base import Registry
from .delivery import Delivery
from .hub import Hub

# How many channels are kept by one call.
CHANNELS_AT_ONCE = 2000


class IdleChannels:
    """Stops hearing the channels that no connection of this process has been on for a while.

    Such a channel stays known to the registry for as long as one of its pages may come back, also
    where it was heard for some seconds only, and :meth:`.Reconciler.refresh` was never called then.
    """

    def __init__(self, hub: Hub, delivery: Delivery, registry: Registry) -> None:
        self._hub = hub
        self._delivery = delivery
        self._registry = registry
        # What the registry has yet to keep.
        self._left: list[str] = []

    def sweep(self) -> None:
        """Stop hearing channels that have been idle for long enough, and keep them known.

        :raises RegistryUnavailable: if the registry cannot be reached; the next call tries again.
        """
        idle = self._hub.pop_idle()
        if idle:
            self._delivery.ask_to_read(self._delivery.pause(idle))
        self._left += idle
        while self._left:
            self._registry.refresh((), self._left[-CHANNELS_AT_ONCE:])
            del self._left[-CHANNELS_AT_ONCE:]
