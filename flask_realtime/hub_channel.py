"""One channel as this process hears it: its tail, the last frames, and who listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .frames import Frame
from .positions import Position
from .protocol import Publication
from .stretch import Stretch

if TYPE_CHECKING:
    from .standing import Listener

# What is kept of a channel's tail, so that thousands that come back at once are served without
# the registry; and of what comes while its log is read, which the log has too. A page of a log
# has as many bytes (see recovery.py).
RECENT_BYTES = 256 * 1024
RECENT_FRAMES = 1000


class HubChannel:
    """Not safe for threads: the hub holds its lock around every call.

    A new one is paused, with an unknown tail, until its log has been read.
    """

    __slots__ = (
        "_listeners", "_recent", "_snapshot", "_waiting",
        "idle_since", "is_paused", "name", "tail", "users",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.tail: Position | None = None
        self.is_paused = True
        self.users = 0
        self.idle_since = 0.0
        self._listeners: set[Listener] = set()
        self._snapshot: tuple[Listener, ...] | None = ()
        self._recent = Stretch(RECENT_BYTES, RECENT_FRAMES)
        self._waiting = Stretch(RECENT_BYTES, RECENT_FRAMES)

    def join(self, connection: Listener) -> None:
        """Count *connection* among the listeners."""
        self._listeners.add(connection)
        self._snapshot = None

    def leave(self, connection: Listener) -> None:
        """Count it no more."""
        if connection in self._listeners:
            self._listeners.remove(connection)
            self._snapshot = None

    # What is published.

    def is_repeat(self, publication: Publication) -> bool:
        """Whether this has been delivered already."""
        at, tail = publication.position, self.tail
        if tail is None or at.epoch != tail.epoch or at.seq > tail.seq:
            return False
        return (tail if at.seq == tail.seq else self._recent.at(at) or at) == at

    def follows(self, publication: Publication) -> bool:
        """Whether this is the very next one: same log, next number, and it names our last tag."""
        return self.tail is not None and publication.before == self.tail

    def advance(self, frame: Frame) -> tuple[Listener, ...]:
        """Make what *frame* carries the tail; return whom it goes to."""
        assert frame.publication is not None
        self.tail = frame.publication.position
        self._recent.append(frame)
        return self._all()

    # While it stands still.

    def wait(self, frame: Frame) -> None:
        """Keep what came meanwhile."""
        self._waiting.append(frame)

    def begin_reading(self) -> Position | None:
        """Where to read the log from; what has come until now is in it."""
        self._waiting.clear()
        return self.tail

    def restart(self, tail: Position) -> tuple[Listener, ...]:
        """Go on from *tail*, with what was before it unknown; return who is told."""
        self.tail = tail
        self._recent.clear()
        return self._all()

    def next_waiting(self) -> Frame | None:
        """The next of what came meanwhile, if it follows what has been delivered."""
        while (first := self._waiting.first) is not None:
            if self.follows(first):
                return self._waiting.pop_first()
            if not self.is_repeat(first):
                return None
            self._waiting.pop_first()
        return None

    def resume(self, tail: Position) -> bool:
        """Go on live, if the log was read up to *tail* and all that came meanwhile followed."""
        if self._waiting or not self._has(tail):
            return False
        self.is_paused = False
        return True

    # For those who come.

    def after(self, position: Position) -> list[Frame] | None:
        """The frames behind *position* up to the tail; None where they are not all here."""
        return [] if position == self.tail else self._recent.after(position)

    def _has(self, position: Position) -> bool:
        tail = self.tail
        return tail is not None and position.epoch == tail.epoch and position.seq <= tail.seq

    def _all(self) -> tuple[Listener, ...]:
        if self._snapshot is None:
            self._snapshot = tuple(self._listeners)
        return self._snapshot
