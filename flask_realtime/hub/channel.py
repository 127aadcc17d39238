"""One channel as this process hears it: its tail, its last frames, and who listens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..writing.frames import Frame
from .buffer import FrameBuffer

if TYPE_CHECKING:
    from .members import Listener

# How many bytes of a channel's newest frames are kept, so that thousands of connections that come
# back at once are served without the registry. As much is kept of what is published during a pause.
RECENT_BYTES = 256 * 1024
RECENT_FRAMES = 1000
# How many frames a connection that catches up has in its outbox at once: there may be thousands of
# such connections.
FRAMES_AT_ONCE = 200
BYTES_AT_ONCE = 256 * 1024


class LocalChannel:
    """What this process has of one channel.

    A new one is paused, with an unknown tail, until its log has been read. Not safe for threads:
    the lock of :class:`~.channels.Channels` is held around every call.
    """

    __slots__ = ("_gone", "_is_due", "_listeners", "_outboxes", "_recent", "_waiting", "is_paused",
                 "name", "tail", "users")  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        #: How far the channel has been delivered here; None if that is not known yet.
        self.tail: Position | None = None
        #: Whether nothing is delivered live, because the log has to be read first.
        self.is_paused = True
        #: How many connections are on the channel, catching up or live.
        self.users = 0
        # Set if pause() is called while the log is read: that reading may have begun too early.
        self._is_due = False
        self._listeners: set[Listener] = set()
        # The outboxes of all listeners; None: somebody joined or left, and the tuple has to be
        # made.
        self._outboxes: tuple[Any, ...] | None = ()
        # The log is known to have lost all entries up to this seq.
        self._gone = -1
        self._recent = FrameBuffer(RECENT_BYTES, RECENT_FRAMES)
        self._waiting = FrameBuffer(RECENT_BYTES, RECENT_FRAMES)

    # Who hears it live.

    def join(self, connection: Listener) -> None:
        """Let *connection* hear the channel live."""
        self._listeners.add(connection)
        self._outboxes = None

    def leave(self, connection: Listener) -> None:
        """Stop *connection* from hearing the channel live; does nothing if it did not."""
        if connection in self._listeners:
            self._listeners.remove(connection)
            self._outboxes = None

    def has_listener(self, connection: Listener) -> bool:
        """Return whether *connection* hears the channel live."""
        return connection in self._listeners

    def outboxes(self) -> tuple[Any, ...]:
        """Return the outboxes of all that hear the channel live.

        It is the same object until somebody joins or leaves.
        """
        if self._outboxes is None:
            self._outboxes = tuple([one.outbox for one in self._listeners])
        return self._outboxes

    # What is published.

    def is_repeat(self, publication: Publication) -> bool:
        """Return whether *publication* has been delivered already."""
        at, tail = publication.position, self.tail
        if tail is None or at.epoch != tail.epoch or at.seq > tail.seq:
            return False
        return (tail if at.seq == tail.seq else self._recent.at(at) or at) == at

    def follows(self, publication: Publication) -> bool:
        """Return whether *publication* comes right after the tail: same log, next seq, same tag."""
        return self.tail is not None and publication.before == self.tail

    def advance(self, frame: Frame) -> None:
        """Make the publication of *frame* the tail."""
        assert frame.publication is not None
        self.tail = frame.publication.position
        self._recent.append(frame)

    # While it is paused.

    def pause(self) -> None:
        """Deliver nothing live until a reading of the log that begins after this has reached its
        tail."""
        self.is_paused = True
        self._is_due = True

    def wait(self, frame: Frame) -> None:
        """Keep *frame*, which was published during a pause, within the usual limits."""
        self.is_paused = True
        self._waiting.append(frame)

    def begin_reading(self) -> Position | None:
        """Return the position after which to read the log; None: only the log's tail is needed.

        The log holds whatever was published before this call.
        """
        self._waiting.clear()
        self._is_due = False
        return self.tail

    def restart(self, tail: Position) -> None:
        """Go on from *tail*; nothing before it is known."""
        self.tail = tail
        self._gone = -1
        self._recent.clear()

    def next_waiting(self) -> Frame | None:
        """Take out the next frame that was published during the pause, if it follows the tail."""
        while (first := self._waiting.first) is not None:
            if self.follows(first):
                return self._waiting.pop_first()
            if not self.is_repeat(first):
                return None
            self._waiting.pop_first()
        return None

    def resume(self, tail: Position) -> bool:
        """Go on live, if the log was read up to *tail* and all that was published since followed.

        :returns: whether it did.
        """
        if self._is_due or self._waiting or not self._has(tail):
            return False
        self.is_paused = False
        return True

    # For connections that catch up.

    def after(self, position: Position) -> list[Frame] | None:
        """Return some frames that follow *position*; None if they are not here.

        An empty list if *position* is the tail.
        """
        if position == self.tail:
            return []
        return self._recent.after(position, FRAMES_AT_ONCE, BYTES_AT_ONCE)

    def covers(self, position: Position) -> bool:
        """Return whether all that follows *position* is here."""
        return position == self.tail or self._recent.has_next(position)

    def is_behind(self, position: Position) -> bool:
        """Return whether *position* belongs to the same log, and comes before the tail."""
        return self._has(position) and position != self.tail

    def is_gone(self, position: Position) -> bool:
        """Return whether the log is known not to reach back to *position* any more."""
        return position.seq <= self._gone and self.is_behind(position)

    def note_gone(self, position: Position) -> None:
        """Note that the log does not reach back to *position* any more."""
        if self.is_behind(position):
            self._gone = max(self._gone, position.seq)

    def distance(self, position: Position) -> int:
        """Return how many entries are missing between *position* and the oldest frame here."""
        kept_from = self._kept_from
        return 0 if kept_from is None else kept_from.seq - position.seq

    def leading(self, publications: Sequence[Publication]) -> Sequence[Publication]:
        """Return those of *publications* that come before the oldest frame here, without a gap.

        An empty sequence if they leave a gap, or belong to another log. Takes constant time.

        :param publications: consecutive entries of a log.
        """
        end = self._kept_from
        if end is None or not publications:
            return ()
        count = end.seq - publications[0].position.seq + 1
        leads = 0 < count <= len(publications) and publications[count - 1].position == end
        return publications[:count] if leads else ()

    def extend(self, frames: Sequence[Frame]) -> int:
        """Keep *frames* before the oldest frame, if there is no gap; return their size in bytes."""
        publications = [one.publication for one in frames if one.publication is not None]
        if not publications or len(self.leading(publications)) < len(publications):
            return 0
        return self._recent.extend(frames)

    def shrink(self) -> list[Frame | None]:
        """Drop the oldest frames down to the usual limits; return those that were dropped."""
        return self._recent.shrink()

    @property
    def _kept_from(self) -> Position | None:
        first = self._recent.first
        return self.tail if first is None else first.before

    def _has(self, position: Position) -> bool:
        tail = self.tail
        return tail is not None and position.epoch == tail.epoch and position.seq <= tail.seq
