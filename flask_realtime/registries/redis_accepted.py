"""What Redis accepted of this process's pushes, by which one sees whether it went back."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from ..positions import Position
from .expiring import Expiring

# As many as can be checked with the first call over a new connection, at no cost that shows.
MOST_CHANNELS = 500


class RedisAccepted:
    """By channel, the position of the newest push: who heard it knows as well, but perhaps nobody
    did, since their links to Redis were down.

    :param seconds: how long one is remembered.
    """

    def __init__(self, seconds: float) -> None:
        self._newest: Expiring[str, Position] = Expiring(seconds)
        self._lock = threading.Lock()

    def note(self, channel: str, position: Position) -> None:
        """Note that a push was accepted there."""
        now = time.monotonic()
        with self._lock:
            newest = self._newest.get(channel, now)
            # The replies to several threads are noted in any order.
            if newest is None or newest.epoch != position.epoch or newest.seq < position.seq:
                self._newest.put(channel, position, now)
            if len(self._newest) > MOST_CHANNELS:
                self._newest.pop_oldest()

    def positions(self, channels: Collection[str] | None = None) -> dict[str, Position]:
        """The positions of *channels*, or of all, as far as they are remembered."""
        now = time.monotonic()
        with self._lock:
            chosen = self._newest.keys(now) if channels is None else channels
            found = {name: self._newest.get(name, now) for name in chosen}
        return {name: position for name, position in found.items() if position is not None}
