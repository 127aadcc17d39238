"""The items that wait for browsers, in the memory of a single process."""

from __future__ import annotations

from collections import deque

from ...identity.keys import session_of
from ..expiring import ExpiringDict
from ..lifetimes import MOST_WAITING, MOST_WAITING_BYTES, TAKEN_SECONDS


class _Item:
    """One text that waits for a client's browser, or that was taken by it a moment ago."""

    __slots__ = ("digest", "taken_at", "taker", "text")

    def __init__(self, digest: str, text: str) -> None:
        self.digest = digest
        self.text = text
        self.taker = ""
        self.taken_at = 0.0


class MemoryWaiting:
    """The waiting items of each browser session, for all of its clients.

    Not safe for threads: the registry holds its lock around every call.

    :param seconds: how long the items of a session wait after the last was added.
    """

    __slots__ = ("_taken", "_waiting")

    def __init__(self, seconds: float) -> None:
        self._waiting: ExpiringDict[str, deque[_Item]] = ExpiringDict(seconds)
        self._taken: ExpiringDict[str, deque[_Item]] = ExpiringDict(TAKEN_SECONDS)

    def of(self, session: str, digest: str, now: float) -> list[str]:
        """Return what waits for a client of a session and was not taken."""
        items = self._waiting.get(session, now)
        return [item.text for item in items if item.digest == digest] if items else []

    def add(self, digest: str, text: str, now: float) -> None:
        """Add an item for a client; if its session has too many items, drop the oldest."""
        session = session_of(digest)
        waiting = self._waiting.get(session, now) or deque()
        waiting.append(_Item(digest, text))
        self._waiting.put(session, waiting, now)
        taken = self._still_taken(session, now)
        count = len(taken) + len(waiting)
        size = sum(len(item.text) for item in (*taken, *waiting))
        # The newest is kept, whatever its size.
        while count > 1 and (count > MOST_WAITING or size > MOST_WAITING_BYTES):
            size -= len((taken or waiting).popleft().text)
            count -= 1

    def take(self, digest: str, taker: str, now: float) -> list[str]:
        """Take the items that wait for a client; the same *taker* gets them again for a minute."""
        session = session_of(digest)
        taken = self._still_taken(session, now)
        again = [item for item in taken if (item.digest, item.taker) == (digest, taker)]
        waiting = self._waiting.get(session, now) or deque()
        fresh = [item for item in waiting if item.digest == digest]
        for item in fresh:
            item.taker, item.taken_at = taker, now
            waiting.remove(item)
        if fresh:
            taken.extend(fresh)
            self._taken.put(session, taken, now)
        if not waiting:
            self._waiting.pop(session, now)
        return [item.text for item in (*again, *fresh)]

    def drop(self, session: str, now: float, but_for: str = "") -> None:
        """Forget what waits for the clients of a session, and what they have taken.

        :param but_for: the digest of a client whose items stay.
        """
        for items in (self._waiting, self._taken):
            found = items.pop(session, now) or ()
            if kept := deque(item for item in found if item.digest == but_for):
                items.put(session, kept, now)

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what has expired, about *most* sessions; True if there may be more."""
        dropped = (self._waiting.pop_expired(now, most), self._taken.pop_expired(now, most))
        return max(map(len, dropped)) >= most

    def _still_taken(self, session: str, now: float) -> deque[_Item]:
        """Return the items that their takers may ask for again, the oldest first."""
        taken = self._taken.get(session, now)
        if taken is None:
            return deque()
        while taken and taken[0].taken_at + TAKEN_SECONDS <= now:
            taken.popleft()
        return taken
