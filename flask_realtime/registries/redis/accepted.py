"""What Redis accepted of this process's pushes, by which one sees whether it went back."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from ...protocol.positions import Position
from ..expiring import ExpiringDict

# Some hundred bytes each.
MOST_CHANNELS = 2000


class RedisAccepted:
    """By channel, the position of the newest push: who heard it knows as well, but perhaps nobody
    did, since their links to Redis were down.

    :param seconds: how long one is remembered.
    """

    def __init__(self, seconds: float) -> None:
        self._newest: ExpiringDict[str, Position] = ExpiringDict(seconds)
        self._lock = threading.Lock()

    def note(self, channel: str, position: Position) -> None:
        """Note that a push was accepted there."""
        now = time.monotonic()
        with self._lock:
            newest = self._newest.get(channel, now)
            # Replies are noted in any order, and a repeated push has the place of the first.
            if newest is None or newest < position:
                self._newest.put(channel, position, now)
            if len(self._newest) > MOST_CHANNELS:
                self._newest.pop_oldest()

    def positions(self, channels: Collection[str]) -> dict[str, Position]:
        """Those of *channels* that are remembered."""
        now = time.monotonic()
        with self._lock:
            found = {name: self._newest.get(name, now) for name in channels}
        return {name: position for name, position in found.items() if position is not None}

    def newest(self, most: int) -> dict[str, Position]:
        """Those of the channels that were pushed down last."""
        with self._lock:
            names = self._newest.keys(time.monotonic())
        return self.positions(names[-most:])
