"""Decides whether a peer has stalled: whether it takes nothing of what is sent to it."""

from __future__ import annotations

from ..threads import clock
from .outbox import Outbox


class StallWatch:
    """Notes when the peer of one full outbox last took bytes.

    A watch of its own and not the outbox's, because most outboxes are never full.

    :ivar since: when the peer last took something, by :func:`.clock.monotonic`.
    """

    __slots__ = ("_unread", "since")

    def __init__(self) -> None:
        self.since = clock.monotonic()
        self._unread = -1

    def is_stalled(self, outbox: Outbox, now: float) -> bool:
        """Return whether the peer has taken nothing for longer than ``REALTIME_STALL_SECONDS``.

        :param outbox: the outbox that this watch was made for.
        :param now: the present moment, by :func:`.clock.monotonic`.
        """
        try:
            unread = outbox.descriptor.unread()
        except (OSError, ValueError):
            # The fd is closed: flushing finds the same.
            return False
        if unread != self._unread:
            self._unread = unread
            self.since = now
        return now - self.since > outbox.owner.stall_seconds
