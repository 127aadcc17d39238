"""One channel as this process hears it: its tail, the last frames, and who listens."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..protocol.routes import Route
from ..writing.frames import Frame
from .buffer import FrameBuffer

if TYPE_CHECKING:
    from .members import Listener

# What is kept of a channel's tail, so that thousands that come back at once are served without
# the registry; and of what comes while its log is read, which the log has too.
RECENT_BYTES = 256 * 1024
RECENT_FRAMES = 1000
# What was read for those who were further behind is kept this long for the rest of them.
EXTENDED_SECONDS = 10.0
# So many frames each of thousands may have in its outbox at once, before it gets the next.
FRAMES_AT_ONCE = 200


class LocalChannel:
    """Not safe for threads: the hub holds its lock around every call.

    A new one is paused, with an unknown tail, until its log has been read.
    """

    __slots__ = (
        "_extended_at", "_gone", "_is_due", "_listeners", "_recent", "_snapshot", "_waiting",
        "idle_since", "is_paused", "name", "tail", "users",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.tail: Position | None = None
        self.is_paused = True
        # Whether it was paused after the reading under way had begun, which may miss the reason.
        self._is_due = False
        self.users = 0
        self.idle_since = 0.0
        self._listeners: set[Listener] = set()
        # The listeners' outboxes: one tuple for all that is posted until somebody comes or goes.
        self._snapshot: tuple[Any, ...] | None = ()
        # A seq, up to which one knows that the log has been trimmed.
        self._gone = -1
        self._extended_at = 0.0
        self._recent = FrameBuffer(RECENT_BYTES, RECENT_FRAMES)
        self._waiting = FrameBuffer(RECENT_BYTES, RECENT_FRAMES)

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

    def advance(self, frame: Frame) -> tuple[Any, ...]:
        """Make what *frame* carries the tail; return the outboxes it goes to."""
        publication = frame.publication
        assert publication is not None
        self.tail = publication.position
        self._recent.append(frame)
        return self.outboxes(publication.route)

    def outboxes(self, route: Route) -> tuple[Any, ...]:
        """Return the outboxes of the listeners that *route* concerns."""
        if not (route.to or route.but_for):
            return self._all()
        return tuple(one.outbox for one in self._listeners if route.concerns(one.digest))

    # While it stands still.

    def pause(self) -> None:
        """Stand still until a reading of the log that begins from now on has reached its tail."""
        self.is_paused = True
        self._is_due = True

    def wait(self, frame: Frame) -> None:
        """Keep what came meanwhile."""
        self._waiting.append(frame)

    def begin_reading(self) -> Position | None:
        """Where to read the log from; what has come until now is in it."""
        self._waiting.clear()
        self._is_due = False
        return self.tail

    def restart(self, tail: Position) -> tuple[Any, ...]:
        """Go on from *tail*, with what was before it unknown; return the outboxes of all."""
        self.tail = tail
        self._gone = -1
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
        if self._is_due or self._waiting or not self._has(tail):
            return False
        self.is_paused = False
        return True

    # For those who come.

    def after(self, position: Position) -> list[Frame] | None:
        """Some of the frames behind *position*, none at the tail; None if they are not here."""
        return [] if position == self.tail else self._recent.after(position, FRAMES_AT_ONCE)

    def is_behind(self, position: Position) -> bool:
        """Whether it is one of this log's, before the tail."""
        return self._has(position) and position != self.tail

    def is_gone(self, position: Position) -> bool:
        """Whether it is known that the log no longer reaches back to it."""
        return self.is_behind(position) and position.seq <= self._gone

    def note_gone(self, position: Position) -> None:
        """Note that it does not."""
        if self.is_behind(position):
            self._gone = max(self._gone, position.seq)

    def leading(self, publications: Sequence[Publication]) -> Sequence[Publication]:
        """Those of *publications*, which are consecutive, that lead up to what is kept."""
        end = self._recent.first.before if self._recent.first else self.tail
        for index in range(len(publications), 0, -1):
            if publications[index - 1].position == end:
                return publications[:index]
        return ()

    def extend(self, frames: Sequence[Frame]) -> bool:
        """Keep *frames* before what is kept, if they still lead up to it."""
        leading = [one.publication for one in frames if one.publication is not None]
        if not leading or len(self.leading(leading)) < len(leading):
            return False
        self._recent.extend(frames)
        self._extended_at = time.monotonic()
        return True

    def shrink(self) -> None:
        """Keep no more than usual, once those who came at once have come."""
        if self._extended_at and time.monotonic() - self._extended_at > EXTENDED_SECONDS:
            self._extended_at = 0.0
            self._recent.shrink()

    def _has(self, position: Position) -> bool:
        tail = self.tail
        return tail is not None and position.epoch == tail.epoch and position.seq <= tail.seq

    def _all(self) -> tuple[Any, ...]:
        if self._snapshot is None:
            self._snapshot = tuple(one.outbox for one in self._listeners)
        return self._snapshot
