"""Which peers of a process are slow to take large replies, and which of them have to go."""

from __future__ import annotations

import math
import threading
from collections import Counter
from contextlib import suppress

from ..identity.keys import session_of
from ..threads import clock
from .outbox import LARGE_REPLY_BYTES, Outbox

# How many bytes the replies may have together that peers of this process are slow to take. Large
# messages that are being handled may take as much again: see messages/large_messages.py.
REPLY_BYTES = 32 * 1024 * 1024
# A session that holds more than the part for one of so many has to go first.
SESSIONS_AT_LEAST = 4
# What a peer takes in the first moments of a reply does not count: its kernel takes some hundred KB
# though it reads nothing.
FILLING_SECONDS = 0.3
# A peer that has taken nothing for so long reads no longer.
READING_SECONDS = 5.0
# How often it is looked at what the peers have taken, at the most.
LOOK_SECONDS = 0.1


class SlowReplies:
    """The outboxes that hold large replies, the one that has made no progress for longest first.

    If they hold too much, those have to go whose peers read nothing: first those of a browser
    session that holds more than its share, and then those that have made no progress for longest.
    Of those whose peers read, the slowest has to go. Else one visitor with many sockets, or many
    with a session each, who come back whenever a socket is cut, would end the sockets of those who
    read. What counts is what has arrived at the peer: the kernel takes more of a reply only once
    some 64 KB have, which takes seconds where the line is slow.
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
                held.look(outbox.owed_bytes(), now)

    def _crowding(self, newest: Outbox) -> list[Outbox]:
        sizes: dict[Outbox, int] = {}
        for outbox in list(self._outboxes):
            sizes[outbox] = size = outbox.reply_bytes()
            if size < LARGE_REPLY_BYTES:
                del self._outboxes[outbox], sizes[outbox]
        held_by: Counter[str] = Counter()
        for outbox, size in sizes.items():
            held_by[_session(outbox)] += size
        found: list[Outbox] = []
        while held_by.total() > REPLY_BYTES and len(sizes) > (newest in sizes):
            others = [outbox for outbox in sizes if outbox is not newest]
            # The first of the worst: the one that has made no progress for longest.
            chosen = max(others, key=lambda one: self._badness(one, held_by[_session(one)]))
            held_by[_session(chosen)] -= sizes.pop(chosen)
            found.append(chosen)
        return found

    def _badness(self, outbox: Outbox, held_by_session: int) -> tuple[bool, int, float]:
        beyond = max(0, held_by_session - REPLY_BYTES // SESSIONS_AT_LEAST)
        rate = self._outboxes[outbox].rate()
        return not rate, beyond, -rate


def _session(outbox: Outbox) -> str:
    return session_of(outbox.owner.digest)


class _Held:
    """How fast the peer of one outbox reads the replies that the outbox holds."""

    __slots__ = ("_began", "_counted_from", "_owed", "_read_at", "_taken")

    def __init__(self) -> None:
        self._began = clock.monotonic()
        self._counted_from: float | None = None
        self._read_at = -math.inf
        self._owed = self._taken = 0

    def look(self, owed: int, now: float) -> None:
        """Note that the peer has yet to take *owed* bytes."""
        if self._counted_from is None:
            if now - self._began < FILLING_SECONDS:
                return
            self._counted_from, self._owed = now, owed
        if owed < self._owed:
            self._taken += self._owed - owed
            self._read_at = now
        self._owed = owed

    def rate(self) -> float:
        """Return how many bytes a second the peer takes; 0: it reads nothing, as far as known."""
        now = clock.monotonic()
        if self._counted_from is None or now - self._read_at >= READING_SECONDS:
            return 0.0
        return self._taken / max(LOOK_SECONDS, now - self._counted_from)
