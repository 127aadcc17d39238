"""Carries out the orders that a process has missed while it did not hear its registry."""

from __future__ import annotations

from ..errors import RegistryUnavailable
from ..registries.base import Registry
from .hub import Hub


class MissedOrders:
    """Has the registry repeat orders to close sockets, and to put users out of channels.

    :param hub: knows whose connections this process has.
    :param registry: this process's registry.
    """

    def __init__(self, hub: Hub, registry: Registry) -> None:
        self._hub = hub
        self._registry = registry
        self._may_be_any = False

    def note(self) -> None:
        """Note that this process may have missed some."""
        self._may_be_any = True

    def replay(self) -> None:
        """Carry out those that this process may have missed.

        :raises RegistryUnavailable: if they cannot be read; the next call tries again.
        """
        if not self._may_be_any:
            return
        # Cleared before the call, during which note() may set it again.
        self._may_be_any = False
        try:
            clients = {one.digest: one.user for one in self._hub.connections()}
            self._registry.replay_disconnects(clients)
        except RegistryUnavailable:
            self._may_be_any = True
            raise
