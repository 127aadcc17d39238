"""Remembers which pushes Redis has accepted, to find out whether its data went back since."""

from __future__ import annotations

import threading
from collections.abc import Collection

from ...protocol.positions import Position
from ...threads import clock
from ..expiring import ExpiringDict

# How many channels are remembered, at a few hundred bytes each.
MOST_CHANNELS = 2000


class RedisAccepted:
    """The position of this process's newest push to each channel.

    Processes that heard a push know its position too, but perhaps none did, because the connections
    of all listeners were down.

    :param seconds: for how many seconds a position is remembered.
    """

    def __init__(self, seconds: float) -> None:
        self._newest: ExpiringDict[str, Position] = ExpiringDict(seconds)
        self._lock = threading.Lock()

    def note(self, channel: str, position: Position) -> None:
        """Note that the log of *channel* has accepted a push at *position*."""
        now = clock.monotonic()
        with self._lock:
            newest = self._newest.get(channel, now)
            # Replies may be noted in any order, and a repeated push has the position of the first
            # one.
            if newest is None or newest < position:
                self._newest.put(channel, position, now)
            if len(self._newest) > MOST_CHANNELS:
                self._newest.pop_oldest()

    def positions(self, channels: Collection[str]) -> dict[str, Position]:
        """Return the positions of those of *channels* that are remembered."""
        now = clock.monotonic()
        with self._lock:
            found = {name: self._newest.get(name, now) for name in channels}
        return {name: position for name, position in found.items() if position is not None}

    def newest(self, most: int) -> dict[str, Position]:
        """Return the positions of the channels with the latest pushes, *most* of them."""
        with self._lock:
            names = self._newest.keys(clock.monotonic())
        return self.positions(names[-most:])
