"""Which peers of a process are slow to take large replies, and which of them have to go."""

from __future__ import annotations

import math
import threading
from collections import Counter

from ..identity.keys import session_of
from ..threads import clock
from .outbox import LARGE_REPLY_BYTES, Outbox

# How many bytes the replies may have together that peers of this process are slow to take. Large
# messages that are being handled may take as much again: see node/large_messages.py.
REPLY_BYTES = 32 * 1024 * 1024


# A session that holds more than the part for one of so many has to go first.
SESSIONS_AT_LEAST = 4
# A peer counts as one that reads for so long after it has taken a part of a reply.
READING_SECONDS = 1.5
# So much the kernels of both sides may take of the replies of a peer that reads nothing.
KERNEL_BYTES = 512 * 1024


class SlowReplies:
    """The outboxes that hold large replies, the one that has made no progress for longest first.

    If they hold too much, those have to go whose peers read nothing: first those of a browser
    session that holds more than its share, and then those that have made no progress for longest.
    Else one visitor with many sockets, or many with a session each, who come back whenever a socket
    is cut, would end the sockets of those who read.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outboxes: dict[Outbox, _Held] = {}

    def note(self, outbox: Outbox) -> list[Outbox]:
        """Note that *outbox* has got a reply, or that its peer has taken a part of one.

        :returns: the outboxes to end, so that large replies take no more memory than they may;
            never *outbox*.
        """
        with self._lock:
            held = self._outboxes.pop(outbox, None) or _Held()
            if outbox.has_large_reply:
                held.note(outbox.reply_bytes(), outbox.taken_bytes())
                self._outboxes[outbox] = held
            ended = self._crowding(outbox)
            for one in ended:
                del self._outboxes[one]
        return ended

    def forget(self, outbox: Outbox) -> None:
        """Count *outbox* no longer."""
        with self._lock:
            self._outboxes.pop(outbox, None)

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

    def _badness(self, outbox: Outbox, held_by_session: int) -> tuple[bool, int]:
        beyond = max(0, held_by_session - REPLY_BYTES // SESSIONS_AT_LEAST)
        return not self._outboxes[outbox].is_read, beyond


def _session(outbox: Outbox) -> str:
    return session_of(outbox.owner.digest)


class _Held:
    """Whether the peer of one outbox reads the replies that the outbox holds."""

    __slots__ = ("_left", "_read", "_read_at")

    def __init__(self) -> None:
        self._left = self._read = 0
        self._read_at = -math.inf

    def note(self, held: int, taken: int) -> None:
        """Note how many bytes the replies have, and how many of them the kernel has taken."""
        before, self._left = self._left, held - taken
        if self._left < before:
            self._read += before - self._left
            if self._read > KERNEL_BYTES:
                self._read_at = clock.monotonic()

    @property
    def is_read(self) -> bool:
        """Whether the peer has taken something of late."""
        return clock.monotonic() - self._read_at < READING_SECONDS
