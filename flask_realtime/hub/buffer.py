"""A stretch of one channel's log as frames, the newest of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..writing.frames import Frame


class FrameBuffer:
    """Frames of pushes in the order in which they came; the oldest go when there are too many,
    the newest never does.

    Not safe for threads.
    """

    __slots__ = ("_bytes", "_extension", "_frames", "_max_bytes", "_max_frames")

    def __init__(self, max_bytes: int, max_frames: int) -> None:
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        # How much more may stand before the usual, as it was asked for.
        self._extension = (0, 0)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def first(self) -> Publication | None:
        """What the oldest frame carries."""
        return _carried(self._frames[0]) if self._frames else None

    def append(self, frame: Frame) -> None:
        """Let *frame* be the newest."""
        self._frames.append(frame)
        self._bytes += len(frame.plain)
        self._trim()

    def extend(self, frames: Sequence[Frame]) -> None:
        """Let *frames* stand before the oldest, and stay until :meth:`shrink`."""
        more = sum(len(frame.plain) for frame in frames)
        self._frames.extendleft(reversed(frames))
        self._bytes += more
        self._extension = (self._extension[0] + more, self._extension[1] + len(frames))

    def shrink(self) -> None:
        """Keep no more than usual."""
        self._extension = (0, 0)
        self._trim()

    def pop_first(self) -> Frame:
        """Take out the oldest."""
        frame = self._frames.popleft()
        self._bytes -= len(frame.plain)
        return frame

    def clear(self) -> None:
        """Let go of all."""
        self._frames.clear()
        self._bytes = 0
        self._extension = (0, 0)

    def after(self, position: Position, most: int) -> list[Frame] | None:
        """Up to *most* frames behind *position*, if the one next to it is here."""
        if not self._frames:
            return None
        index = position.seq - _carried(self._frames[0]).before.seq
        if not 0 <= index < len(self._frames):
            return None
        if _carried(self._frames[index]).before != position:
            return None
        return list(islice(self._frames, index, index + most))

    def at(self, position: Position) -> Position | None:
        """The position here that has the number of *position*, whatever its tag."""
        if self._frames:
            index = position.seq - _carried(self._frames[0]).position.seq
            if 0 <= index < len(self._frames):
                return _carried(self._frames[index]).position
        return None

    def _trim(self) -> None:
        max_bytes = self._max_bytes + self._extension[0]
        max_frames = self._max_frames + self._extension[1]
        while len(self._frames) > 1 and (self._bytes > max_bytes or len(self._frames) > max_frames):
            self.pop_first()


def _carried(frame: Frame) -> Publication:
    assert frame.publication is not None
    return frame.publication
