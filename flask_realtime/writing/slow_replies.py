"""Which peers of a process are slow to take large replies, and which of them have to go."""

from __future__ import annotations

import math
import threading
from collections import Counter
from contextlib import suppress

from ..identity.keys import session_of
from ..threads import clock
from .items import LARGE_REPLY_BYTES
from .outbox import Outbox

# How many bytes the replies may have together that peers of this process are slow to take. Large
# messages that are being handled may take as much again: see messages/large_messages.py.
REPLY_BYTES = 32 * 1024 * 1024
# A session that holds more than the part for one of so many has to go first.
SESSIONS_AT_LEAST = 4
# What a peer takes in the first moments of a reply does not count: its kernel takes some hundred KB
# though it reads nothing.
FILLING_SECONDS = 0.3
# A peer that takes fewer bytes a second reads nothing, or no faster than keeps its reply here for
# minutes; slow lines of phones have twice as much.
SLOWEST_READING = 16 * 1024
# A peer that has taken nothing for so long reads no longer.
READING_SECONDS = 5.0
# How often it is looked at what the peers have taken, at the most.
LOOK_SECONDS = 0.1


class SlowReplies:
    """The outboxes that hold large replies, the one that has made no progress for longest first.

    If they hold too much, some have to go, in this order:

    1. those of a browser session that holds more than its share by several sockets,
    2. those whose peers read next to nothing: first the one that has made no progress for longest,
    3. of those whose replies have only begun and those whose peers read, each of which may hold
       half: the one that began first, and the one that needs the most time for the rest.

    Else one visitor with many sockets, or many with a session each, who come back whenever a socket
    is cut, who take a byte now and then, or who read a little faster than others, would end the
    sockets of those who read. What counts is what has arrived at the peer: the kernel takes more of
    a reply only once some 64 KB have, which takes seconds where the line is slow.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outboxes: dict[Outbox, _Held] = {}
        self._looked_at = -math.inf

    def note(self, outbox: Outbox) -> list[Outbox]:
        """Note that *outbox* has got a reply, or that its peer has taken a part of one.

        :returns: the outboxes to end, so that large replies take no more memory than they may;
            never *outbox*.
        """
        with self._lock:
            held = self._outboxes.pop(outbox, None) or _Held()
            if outbox.has_large_reply:
                self._outboxes[outbox] = held
            self._look()
            ended = self._crowding(outbox)
            for one in ended:
                del self._outboxes[one]
        return ended

    def forget(self, outbox: Outbox) -> None:
        """Count *outbox* no longer."""
        with self._lock:
            self._outboxes.pop(outbox, None)

    def look(self) -> None:
        """Look at what the peers have taken. To be called every second or so."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        now = clock.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        for outbox, held in self._outboxes.items():
            # The fd is closed: its outbox is about to be forgotten.
            with suppress(OSError, ValueError):
                held.look(outbox.arrived_bytes(), now)

    def _crowding(self, newest: Outbox) -> list[Outbox]:
        sizes: dict[Outbox, int] = {}
        for outbox in list(self._outboxes):
            sizes[outbox] = size = outbox.reply_bytes
            if size < LARGE_REPLY_BYTES:
                del self._outboxes[outbox], sizes[outbox]
        held_by: Counter[str] = Counter()
        for outbox, size in sizes.items():
            held_by[_session(outbox)] += size
        found: list[Outbox] = []
        while held_by.total() > REPLY_BYTES and len(sizes) > (newest in sizes):
            chosen = self._worst(sizes, held_by, newest)
            held_by[_session(chosen)] -= sizes.pop(chosen)
            found.append(chosen)
        return found

    def _worst(self, sizes: dict[Outbox, int], held_by: Counter[str], newest: Outbox) -> Outbox:
        """Return the outbox that has to go first; never *newest*."""
        # In the order of their progress: the one without any for longest is the first.
        others = [one for one in sizes if one is not newest]
        shares = Counter(map(_session, sizes))
        greedy = [one for one in others if shares[_session(one)] > 1]
        most = max((held_by[_session(one)] for one in greedy), default=0)
        if most > REPLY_BYTES // SESSIONS_AT_LEAST:
            others = [one for one in greedy if held_by[_session(one)] == most]
        rates = {one: self._outboxes[one].rate() for one in sizes}
        silent = [one for one in others if _is_silent(rates[one])]
        if silent:
            return silent[0]
        begun = [one for one in others if rates[one] is None]
        reading = [one for one in others if rates[one] is not None]
        if begun and (not reading or _begun(sizes, rates) > REPLY_BYTES // 2):
            return begun[0]
        return max(reading, key=lambda one: sizes[one] / (rates[one] or 1))


def _is_silent(rate: float | None) -> bool:
    return rate is not None and rate < SLOWEST_READING


def _begun(sizes: dict[Outbox, int], rates: dict[Outbox, float | None]) -> int:
    """Return how many bytes the replies have that have only begun."""
    return sum(size for one, size in sizes.items() if rates[one] is None)


def _session(outbox: Outbox) -> str:
    return session_of(outbox.owner.digest)


class _Held:
    """How fast the peer of one outbox reads the replies that the outbox holds."""

    __slots__ = ("_arrived", "_began", "_counted_from", "_read_at", "_taken")

    def __init__(self) -> None:
        self._began = clock.monotonic()
        self._counted_from: float | None = None
        self._read_at = -math.inf
        self._arrived = 0
        self._taken = 0.0

    def look(self, arrived: int, now: float) -> None:
        """Note what ``Outbox.arrived_bytes`` returns now."""
        if self._counted_from is None:
            if now - self._began < FILLING_SECONDS:
                return
            self._counted_from, self._arrived = now, arrived
        if arrived > self._arrived:
            self._taken += arrived - self._arrived
            self._read_at = now
        self._arrived = arrived
        if now - self._counted_from > 2 * READING_SECONDS:
            # What lies further back counts for half as much each time.
            self._taken *= READING_SECONDS / (now - self._counted_from)
            self._counted_from = now - READING_SECONDS

    def rate(self) -> float | None:
        """Return how many bytes a second the peer takes; None: that is not known yet."""
        now = clock.monotonic()
        if self._counted_from is None or now - self._counted_from < FILLING_SECONDS:
            return None
        if now - self._read_at >= READING_SECONDS:
            return 0.0
        return self._taken / (now - self._counted_from)
