"""Which peers of a process are slow to take large replies, and which of them have to go."""

from __future__ import annotations

import threading
from collections import Counter

from ..identity.keys import session_of
from .outbox import LARGE_REPLY_BYTES, Outbox

# How many bytes the replies may have together that peers of this process are slow to take. Large
# messages that are being handled may take as much again: see node/large_messages.py.
REPLY_BYTES = 32 * 1024 * 1024


class SlowReplies:
    """The outboxes that hold large replies, the one that has made no progress for longest first.

    If they hold too much, those of the browser session have to go that holds most: one visitor with
    many sockets, who comes back whenever one is cut, would else end the sockets of all others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outboxes: dict[Outbox, None] = {}

    def note(self, outbox: Outbox) -> list[Outbox]:
        """Note that *outbox* has got a reply, or that its peer has taken a part of one.

        :returns: the outboxes to end, so that large replies take no more memory than they may;
            never *outbox*.
        """
        with self._lock:
            self._outboxes.pop(outbox, None)
            if outbox.has_large_reply:
                self._outboxes[outbox] = None
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
            # Of those that hold as much, the one that has made no progress for longest.
            chosen = max(others, key=lambda outbox: held_by[_session(outbox)])
            held_by[_session(chosen)] -= sizes.pop(chosen)
            found.append(chosen)
        return found


def _session(outbox: Outbox) -> str:
    return session_of(outbox.owner.digest)
