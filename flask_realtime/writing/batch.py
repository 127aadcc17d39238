"""Frames that go to the same receivers, joined once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from .frames import Frame
from .outbox import Outbox


class Batch:
    """One frame, or several that follow each other, and who gets them."""

    __slots__ = ("_size", "frames", "receivers")

    def __init__(self, frame: Frame, receivers: Sequence[Outbox]) -> None:
        self.frames = [frame]
        self.receivers = receivers
        self._size = len(frame.plain)

    def join(self, frame: Frame, receivers: Sequence[Outbox], most: int) -> bool:
        """Take one more frame, if the receivers are the very same and *most* bytes suffice."""
        # A channel hands out one tuple until somebody joins or leaves it.
        if receivers is not self.receivers or self._size + len(frame.plain) > most:
            return False
        self.frames.append(frame)
        self._size += len(frame.plain)
        return True

    @property
    def plain(self) -> bytes:
        """All of it, for who takes no deflated frames."""
        return b"".join([frame.plain for frame in self.frames])

    @property
    def deflated(self) -> bytes:
        """All of it, for who does."""
        return b"".join([frame.deflated for frame in self.frames])
