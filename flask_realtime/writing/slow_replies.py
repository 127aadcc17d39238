"""Which peers of a process are slow to take large replies, and which of them have to go."""

from __future__ import annotations

import threading

from .outbox import LARGE_REPLY_BYTES, Outbox

# How many bytes the replies may have together that peers of this process are slow to take. Large
# messages that are being handled may take as much again: see node/large_messages.py.
REPLY_BYTES = 32 * 1024 * 1024


class SlowReplies:
    """The outboxes that hold large replies, the one that has made no progress for longest first."""

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
        sizes = {outbox: outbox.reply_bytes() for outbox in self._outboxes}
        held, found = sum(sizes.values()), []
        for outbox, size in sizes.items():
            if size < LARGE_REPLY_BYTES:
                del self._outboxes[outbox]
            elif held > REPLY_BYTES and outbox is not newest:
                held -= size
                found.append(outbox)
        return found
