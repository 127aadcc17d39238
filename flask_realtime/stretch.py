"""A stretch of one channel's log as frames, the newest of them."""

from __future__ import annotations

from collections import deque
from itertools import islice

from .frames import Frame
from .positions import Position
from .protocol import Publication


class Stretch:
    """Frames of pushes in the order in which they came; the oldest go when there are too many,
    the newest never does.

    Not safe for threads.
    """

    __slots__ = ("_bytes", "_frames", "_max_bytes", "_max_frames")

    def __init__(self, max_bytes: int, max_frames: int) -> None:
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        self._frames: deque[Frame] = deque()
        self._bytes = 0

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
        while self._is_too_long() and len(self._frames) > 1:
            self.pop_first()

    def pop_first(self) -> Frame:
        """Take out the oldest."""
        frame = self._frames.popleft()
        self._bytes -= len(frame.plain)
        return frame

    def clear(self) -> None:
        """Let go of all."""
        self._frames.clear()
        self._bytes = 0

    def after(self, position: Position) -> list[Frame] | None:
        """The frames behind *position*, if the one next to it is here and there is no hole."""
        if not self._frames:
            return None
        index = position.seq - _carried(self._frames[0]).before.seq
        if not 0 <= index < len(self._frames):
            return None
        if _carried(self._frames[index]).before != position:
            return None
        return list(islice(self._frames, index, None))

    def at(self, position: Position) -> Position | None:
        """The position here that has the number of *position*, whatever its tag."""
        if self._frames:
            index = position.seq - _carried(self._frames[0]).position.seq
            if 0 <= index < len(self._frames):
                return _carried(self._frames[index]).position
        return None

    def _is_too_long(self) -> bool:
        return self._bytes > self._max_bytes or len(self._frames) > self._max_frames


def _carried(frame: Frame) -> Publication:
    assert frame.publication is not None
    return frame.publication
