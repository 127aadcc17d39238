"""Channels that clients were put out of, until the registry has noted it."""

from __future__ import annotations

import logging
import threading

from ..errors import RegistryUnavailable
from ..registries.base import Registry

logger = logging.getLogger(__name__)


class Departures:
    """The clients that this process has taken off channels, and the registry still has on them.

    Until a client's departure is noted, what the registry says of the client is not to be trusted.

    :param registry: is to end the subscriptions.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        # In the order in which they are tried: a dict, of which the keys alone count.
        self._unnoted: dict[tuple[str, str], None] = {}

    def add(self, digest: str, channel: str) -> None:
        """Note that the client of a digest was taken off a channel."""
        with self._lock:
            self._unnoted[digest, channel] = None

    def clients(self) -> set[str]:
        """Return the digests of the clients with a departure that is not noted."""
        with self._lock:
            return {digest for digest, _ in self._unnoted}

    def channels(self, digest: str) -> list[str]:
        """Return the channels that a client has left, and the registry has not noted it."""
        if not self._unnoted:
            return []
        with self._lock:
            return [channel for one, channel in self._unnoted if one == digest]

    def tell(self) -> bool:
        """Have the registry note them, until it refuses one; return whether it has noted all."""
        for one in tuple(self._unnoted):
            digest, channel = one
            try:
                self._registry.unsubscribe(digest, [channel])
            except RegistryUnavailable as error:
                logger.debug("That a client was put out of a channel is not noted yet: %s", error)
                # Tried last from now on: one that is refused for ever holds up no other.
                with self._lock:
                    self._unnoted.pop(one, None)
                    self._unnoted[one] = None
                return False
            with self._lock:
                self._unnoted.pop(one, None)
        return True
