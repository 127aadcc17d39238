"""Carries out the orders that a process has missed while it did not hear its registry."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..errors import RegistryUnavailable
from ..registries.base import Registry
from .attempts import Attempts
from .hub import Hub

logger = logging.getLogger(__name__)


class MissedOrders:
    """Has the registry repeat orders to close sockets, and to put users out of channels.

    :param hub: knows whose connections this process has.
    :param registry: this process's registry.
    """

    def __init__(self, hub: Hub, registry: Registry) -> None:
        self._hub = hub
        self._registry = registry
        self._may_be_any = False
        self._was_refused = False
        self._replaying = Attempts("Repeating the orders that %s has missed", self._replay, str)

    def note(self) -> None:
        """Note that this process may have missed some."""
        self._may_be_any = True

    def replay(self) -> bool:
        """Carry out those that this process may have missed; return whether none is left.

        :raises RegistryUnavailable: if they cannot be read for the first time. From then on this
            method returns False: whoever waits for it goes on, since a registry may refuse it for
            good. The next call tries again.
        """
        if not self._may_be_any:
            return True
        was_refused, self._was_refused = self._was_refused, True
        try:
            if self._replaying.run(["this process"]):
                self._may_be_any = True
        except RegistryUnavailable as error:
            self._may_be_any = True
            if not was_refused:
                raise
            logger.debug("Orders that were missed cannot be read yet: %s", error)
            return False
        self._was_refused = False
        return not self._may_be_any

    def _replay(self, _: Sequence[str]) -> None:
        # Cleared before the call, during which note() may set it again.
        self._may_be_any = False
        clients = {one.digest: one.user for one in self._hub.connections()}
        self._registry.replay_disconnects(clients)
