"""Which peers of a process are slow to take large replies, and which of them have to go."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress

from ..identity.keys import session_of
from ..threads import clock
from .outbox import Outbox

# How many bytes the replies may have together that peers of this process are slow to take. Large
# messages that are being handled may take as much again: see messages/large_messages.py.
REPLY_BYTES = 32 * 1024 * 1024
# A session that holds more than the part for one of so many has to go first.
SESSIONS_AT_LEAST = 4
# What a peer takes in the first moments of a reply does not count: its kernel takes some hundred KB
# though it reads nothing.
FILLING_SECONDS = 0.3
# A kernel whose buffer is full lets nothing in until a good part of it has been read, 64 KB say:
# only then is it known that the peer reads.
SETTLING_SECONDS = 1.5
# A peer that takes fewer bytes a second reads nothing, or so slowly that its reply stays here for
# minutes. The slow lines of phones are twice as fast.
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

    Without these rules, visitors who read slowly on purpose could end the sockets of others: one
    visitor with many sockets, or many with a session each. They may come back whenever a socket is
    cut, take a byte now and then, or read a little faster than others. Progress is what has arrived
    at the peer: the kernel takes more of a reply only once some 64 KB have arrived, which takes
    seconds where the line is slow.
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

    def has_room(self, outbox: Outbox, coming: int) -> bool:
        """Return whether there is memory for replies without ending one that is being read.

        :param outbox: what gets one of these replies.
        :param coming: how many bytes these replies have in all.
        """
        with self._lock:
            self._look()
            crowd = _Crowd(self._outboxes, outbox, coming)
            return not any(map(crowd.is_read, crowd.surplus()))

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
        for outbox in list(self._outboxes):
            if not outbox.has_large_reply:
                del self._outboxes[outbox]
        return list(_Crowd(self._outboxes, newest).surplus())


class _Crowd:
    """What outboxes hold at one moment, and which of them have to go.

    :param held: the outboxes, the one without progress for longest first.
    :param newest: the one of them that never has to go.
    :param coming: how many bytes the replies have that are being made.
    """

    def __init__(self, held: Mapping[Outbox, _Held], newest: Outbox, coming: int = 0) -> None:
        self._newest = newest
        self._coming = coming
        self._sizes = {one: one.reply_bytes for one in held}
        self._rates = {one: held[one].rate() for one in held}
        self._by_session: Counter[str] = Counter()
        for outbox, size in self._sizes.items():
            self._by_session[_session(outbox)] += size

    def surplus(self) -> Iterator[Outbox]:
        """Yield what has to go, one after the other, until the rest holds no more than it may."""
        while self._by_session.total() + self._coming > REPLY_BYTES:
            others = [one for one in self._sizes if one is not self._newest]
            if not others:
                return
            chosen = self._worst(others)
            yield chosen
            self._by_session[_session(chosen)] -= self._sizes.pop(chosen)

    def is_read(self, outbox: Outbox) -> bool:
        """Return whether the peer of *outbox* reads, and its session has no more than its share."""
        rate = self._rates[outbox]
        return rate is not None and not _is_silent(rate) and not self._greedy([outbox])

    def _worst(self, others: list[Outbox]) -> Outbox:
        """Return which of *others* has to go first."""
        others = self._greedy(others) or others
        silent = [one for one in others if _is_silent(self._rates[one])]
        if silent:
            return silent[0]
        begun = [one for one in others if self._rates[one] is None]
        reading = [one for one in others if self._rates[one] is not None]
        if begun and (not reading or self._begun() > REPLY_BYTES // 2):
            return begun[0]
        return max(reading, key=lambda one: self._sizes[one] / (self._rates[one] or 1))

    def _greedy(self, others: list[Outbox]) -> list[Outbox]:
        """Return those of *others* that belong to the session which holds most beyond its share."""
        sockets = Counter(map(_session, self._sizes))
        greedy = [one for one in others if sockets[_session(one)] > 1]
        most = max((self._by_session[_session(one)] for one in greedy), default=0)
        if most <= REPLY_BYTES // SESSIONS_AT_LEAST:
            return []
        return [one for one in greedy if self._by_session[_session(one)] == most]

    def _begun(self) -> int:
        """Return how many bytes the replies have that have only begun, or are being made."""
        begun = sum(size for one, size in self._sizes.items() if self._rates[one] is None)
        return begun + self._coming


def _is_silent(rate: float | None) -> bool:
    return rate is not None and rate < SLOWEST_READING


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
        known_after = FILLING_SECONDS if self._taken else SETTLING_SECONDS
        if self._counted_from is None or now - self._counted_from < known_after:
            return None
        if now - self._read_at >= READING_SECONDS:
            return 0.0
        return self._taken / (now - self._counted_from)
