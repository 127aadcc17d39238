"""One channel as this process hears it: its tail, the last frames, and who listens."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .frames import Frame
from .positions import Position
from .protocol import Publication

if TYPE_CHECKING:
    from .standing import Listener

# What is kept of a channel's tail, so that thousands that come back at once are served without
# the registry. A page of a log has as many bytes (see catchup.py).
RECENT_BYTES = 256 * 1024
RECENT_FRAMES = 1000


class HubChannel:
    """Not safe for threads: the hub holds its lock around every call.

    A new one is paused, with an unknown tail, until its log has been read.
    """

    __slots__ = (
        "_listeners", "_recent", "_recent_bytes", "_snapshot",
        "idle_since", "is_paused", "missed", "name", "tail", "users",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.tail: Position | None = None
        self.is_paused = True
        self.missed: Position | None = None
        self.users = 0
        self.idle_since = 0.0
        self._listeners: set[Listener] = set()
        self._snapshot: tuple[Listener, ...] | None = ()
        self._recent: deque[tuple[Position, Position, Frame]] = deque()
        self._recent_bytes = 0

    def join(self, connection: Listener) -> None:
        """Count *connection* among the listeners."""
        self._listeners.add(connection)
        self._snapshot = None

    def leave(self, connection: Listener) -> None:
        """Count it no more."""
        if connection in self._listeners:
            self._listeners.remove(connection)
            self._snapshot = None

    def is_repeat(self, publication: Publication) -> bool:
        """Whether this has been delivered already."""
        at, tail = publication.position, self.tail
        return (
            tail is not None
            and at.epoch == tail.epoch
            and at.seq <= tail.seq
            and (at.seq < tail.seq or at.tag == tail.tag)
        )

    def follows(self, publication: Publication) -> bool:
        """Whether this is the very next one: same log, next number, and it names our last tag."""
        return self.tail is not None and publication.before == self.tail

    def advance(self, frame: Frame, publication: Publication) -> tuple[Listener, ...]:
        """Make *publication* the tail; return whom it goes to."""
        before = publication.before
        self.tail = publication.position
        self._recent.append((before, publication.position, frame))
        self._recent_bytes += len(frame.plain)
        while self._recent_bytes > RECENT_BYTES or len(self._recent) > RECENT_FRAMES:
            self._recent_bytes -= len(self._recent.popleft()[2].plain)
        return self._all()

    def restart(self, tail: Position) -> tuple[Listener, ...]:
        """Go on from *tail*, with what was before it unknown; return who is told."""
        self.tail = tail
        self._recent.clear()
        self._recent_bytes = 0
        return self._all()

    def resume(self, tail: Position) -> bool:
        """Go on live if nothing came since the log was read up to *tail*."""
        if self.tail != tail or (self.missed is not None and not self._has(self.missed)):
            return False
        self.is_paused = False
        self.missed = None
        return True

    def after(self, position: Position) -> list[Frame] | None:
        """The frames behind *position* up to the tail; None where they are not all here."""
        if position == self.tail:
            return []
        frames: list[Frame] = []
        for before, _, frame in reversed(self._recent):
            frames.append(frame)
            if before == position:
                frames.reverse()
                return frames
        return None

    def _has(self, position: Position) -> bool:
        tail = self.tail
        return tail is not None and position.epoch == tail.epoch and position.seq <= tail.seq

    def _all(self) -> tuple[Listener, ...]:
        if self._snapshot is None:
            self._snapshot = tuple(self._listeners)
        return self._snapshot
