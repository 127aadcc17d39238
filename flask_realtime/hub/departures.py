"""Channels that clients were put out of, until the registry has noted it."""

from __future__ import annotations

import logging
import math
import threading

from ..errors import RegistryUnavailable
from ..registries.base import Registry
from ..registries.records import age_in_ms
from ..threads import clock

logger = logging.getLogger(__name__)


class Departures:
    """The clients that this process has taken off channels, and the registry still has on them.

    Until a client's departure is noted, what the registry says of the client is not to be trusted.

    :param registry: is to end the subscriptions.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        # When the client left the channel, in the order in which they are tried.
        self._unnoted: dict[tuple[str, str], float] = {}
        # When the registry last refused one.
        self._refused_at = -math.inf

    def add(self, digest: str, channel: str) -> None:
        """Note that the client of a digest was taken off a channel."""
        with self._lock:
            self._unnoted[digest, channel] = clock.monotonic()

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
        with self._lock:
            unnoted = tuple(self._unnoted.items())
        for one, moment in unnoted:
            try:
                self._tell(*one, moment)
            except RegistryUnavailable as error:
                logger.debug("That a client was put out of a channel is not noted yet: %s", error)
                # Tried last from now on: one that is refused for ever holds up no other.
                with self._lock:
                    self._refused_at = clock.monotonic()
                    self._unnoted[one] = self._unnoted.pop(one)
                return False
            with self._lock:
                # It may have left the channel once more meanwhile.
                if self._unnoted[one] == moment:
                    del self._unnoted[one]
        return True

    def _tell(self, digest: str, channel: str, moment: float) -> None:
        if moment > self._refused_at:
            self._registry.unsubscribe(digest, [channel])
        else:
            # The client may have been let into the channel again since.
            self._registry.unsubscribe(digest, [channel], max(1, age_in_ms(moment)))
