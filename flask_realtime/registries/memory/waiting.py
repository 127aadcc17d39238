"""What waits for browsers, as a single process keeps it."""

from __future__ import annotations

from collections import deque

from ..base import MOST_WAITING, TAKEN_SECONDS
from ..expiring import ExpiringDict


class MemoryWaiting:
    """By client, the items that its browser has yet to take.

    Not safe for threads: the registry holds its lock around every call.

    :param disconnect_timeout: how long items wait, in seconds.
    """

    __slots__ = ("_deposits", "_taken")

    def __init__(self, disconnect_timeout: float) -> None:
        self._deposits: ExpiringDict[str, deque[str]] = ExpiringDict(disconnect_timeout)
        self._taken: ExpiringDict[tuple[str, str], list[str]] = ExpiringDict(TAKEN_SECONDS)

    def of(self, digest: str, now: float) -> list[str]:
        """What waits for a client, in order; it goes on waiting."""
        return list(self._deposits.get(digest, now) or ())

    def add(self, digest: str, item: str, now: float) -> None:
        """Let *item* wait, behind what waits already."""
        waiting = self._deposits.get(digest, now) or deque(maxlen=MOST_WAITING)
        waiting.append(item)
        self._deposits.put(digest, waiting, now)

    def take(self, digest: str, taker: str, now: float) -> list[str]:
        """Take what waits, and again what the same taker has taken lately."""
        before = self._taken.get((digest, taker), now) or []
        taken = before + list(self._deposits.pop(digest, now) or ())
        if taken:
            self._taken.put((digest, taker), taken, now)
        return taken

    def drop(self, digest: str, now: float) -> None:
        """Forget what waits for a client."""
        self._deposits.pop(digest, now)

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what is over, about *most* of each; True if there may be more."""
        deposits = self._deposits.pop_expired(now, most)
        return max(len(deposits), len(self._taken.pop_expired(now, most))) >= most
