"""Keeps the channels that this process begins to hear, and stops hearing those nobody is on."""

from __future__ import annotations

from collections.abc import Sequence

from ..registries.base import Registry
from ..threads.portions import portions
from .attempts import Attempts
from .delivery import Delivery
from .hub import Hub

# How many channels are kept by one call.
CHANNELS_AT_ONCE = 2000


class ChannelUpkeep:
    """Looks every few seconds at which channels connections of this process have come to and left.

    A registry knows a channel to which a page was subscribed for a little longer than the page may
    take to connect. If that time was over before :meth:`.Reconciler.refresh` is called, a push to a
    pattern would not reach a page whose socket came late; and a page that was there for a moment
    would be told of a loss when it comes back.

    Where Redis was not heard for a while, all channels count as new: it may have lost its data, and
    with them its list of channels, by which a push to a pattern finds them.
    """

    def __init__(self, hub: Hub, delivery: Delivery, registry: Registry) -> None:
        self._hub = hub
        self._delivery = delivery
        self._registry = registry
        # The new channels that the registry has yet to keep: only the keys of this dict count.
        self._new: dict[str, None] = {}
        self._keeping = Attempts("Keeping the new channel %s", lambda some: self._keep(some))

    def sweep(self) -> None:
        """Stop hearing channels that have been idle for a while, and keep the new ones known.

        :raises RegistryUnavailable: if the registry cannot be reached; the next call tries again.
        """
        idle = self._hub.pop_idle()
        if idle:
            self._delivery.ask_to_read(self._delivery.pause(idle))
        self._new.update(dict.fromkeys(self._delivery.take_new()))
        left = self._keeping.run(list(self._new))
        # Nobody needs those that are heard no more, and there may be ever more of them.
        for name in left.difference(self._delivery.names()) if left else ():
            del self._new[name]

    def _keep(self, names: Sequence[str]) -> None:
        for chosen in portions(names, lambda _: 1, CHANNELS_AT_ONCE):
            self._registry.refresh((), chosen)
            for name in chosen:
                self._new.pop(name, None)
