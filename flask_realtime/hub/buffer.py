"""The newest part of one channel's log, as frames that are ready to be sent."""

from __future__ import annotations

from collections.abc import Sequence

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..writing.frames import Frame

# The list is compacted once this many of its first places are empty, and at least half of all.
FEWEST_EMPTY = 64


class FrameBuffer:
    """Frames of consecutive pushes, in order; the oldest are dropped when there are too many.

    The newest frame is never dropped. Reading a piece takes time in proportion to the piece,
    wherever it stands. Not safe for threads.

    :param max_bytes: how many bytes of frames are kept.
    :param max_frames: how many frames are kept.
    """

    __slots__ = ("_bytes", "_empty", "_extra_bytes", "_extra_frames", "_frames", "_max_bytes",
                 "_max_frames")  # fmt: skip

    def __init__(self, max_bytes: int, max_frames: int) -> None:
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        # A list whose first places may be empty. A deque is slow to find an item in its middle, and
        # takes 600 bytes while it is empty.
        self._frames: list[Frame | None] = []
        self._empty = 0
        self._bytes = 0
        self._extra_bytes = self._extra_frames = 0

    def __len__(self) -> int:
        return len(self._frames) - self._empty

    @property
    def first(self) -> Publication | None:
        """Return the publication of the oldest frame; None if there is no frame."""
        return self._carried(0) if len(self) else None

    def append(self, frame: Frame) -> None:
        """Add the newest frame; it follows the newest before it."""
        self._frames.append(frame)
        self._bytes += len(frame.plain)
        max_bytes = self._max_bytes + self._extra_bytes
        max_frames = self._max_frames + self._extra_frames
        while len(self) > 1 and (self._bytes > max_bytes or len(self) > max_frames):
            self.pop_first()

    def extend(self, frames: Sequence[Frame]) -> int:
        """Add *frames* before the oldest. The limits do not apply until :meth:`shrink` is called.

        :returns: the size of *frames*, in bytes.
        """
        size = sum([len(frame.plain) for frame in frames])
        self._frames[: self._empty] = frames
        self._empty = 0
        self._bytes += size
        self._extra_bytes += size
        self._extra_frames += len(frames)
        return size

    def shrink(self) -> list[Frame | None]:
        """Keep to the limits again.

        :returns: the frames that were dropped, so that the caller can free them outside of its
            lock.
        """
        self._extra_bytes = self._extra_frames = 0
        kept = size = 0
        for frame in reversed(self._frames[self._empty :]):
            assert frame is not None
            size += len(frame.plain)
            if kept and (size > self._max_bytes or kept >= self._max_frames):
                size -= len(frame.plain)
                break
            kept += 1
        cut = len(self._frames) - kept
        dropped, self._frames = self._frames[:cut], self._frames[cut:]
        self._empty, self._bytes = 0, size
        return dropped

    def pop_first(self) -> Frame:
        """Take out the oldest frame."""
        frame = self._frames[self._empty]
        assert frame is not None
        self._frames[self._empty] = None
        self._empty += 1
        self._bytes -= len(frame.plain)
        if self._empty >= FEWEST_EMPTY and self._empty * 2 >= len(self._frames):
            del self._frames[: self._empty]
            self._empty = 0
        return frame

    def clear(self) -> None:
        """Drop all frames."""
        self._frames = []
        self._empty = self._bytes = 0
        self._extra_bytes = self._extra_frames = 0

    def after(self, position: Position, most_frames: int, most_bytes: int) -> list[Frame] | None:
        """Return frames that follow *position*, at least one; None if the next one is not here.

        :param most_frames: return no more frames than that.
        :param most_bytes: return no more bytes than that, unless the first frame alone has more.
        """
        if not len(self):
            return None
        index = position.seq - self._carried(0).before.seq
        if not 0 <= index < len(self) or self._carried(index).before != position:
            return None
        start, found, size = self._empty + index, list[Frame](), 0
        for frame in self._frames[start : start + most_frames]:
            assert frame is not None
            size += len(frame.plain)
            if found and size > most_bytes:
                break
            found.append(frame)
        return found

    def has_next(self, position: Position) -> bool:
        """Return whether the frame that follows *position* is here."""
        return self.after(position, 1, 0) is not None

    def at(self, position: Position) -> Position | None:
        """Return the position here that has the seq of *position*, whatever its tag."""
        if len(self):
            index = position.seq - self._carried(0).position.seq
            if 0 <= index < len(self):
                return self._carried(index).position
        return None

    def _carried(self, index: int) -> Publication:
        frame = self._frames[self._empty + index]
        assert frame is not None and frame.publication is not None
        return frame.publication
