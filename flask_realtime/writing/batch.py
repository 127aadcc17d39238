"""Frames that go to the same receivers, joined once for all of the receivers."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Sequence

from .frames import Frame
from .outbox import Outbox

#: A frame and the outboxes that get it; or an event, to be set once all frames before it are
#: written, and no outbox.
Job = tuple[Frame | threading.Event, Sequence[Outbox]]
# Looking for an outbox among so many takes 5 ms, during which no other greenlet runs.
MOST_LOOKED_AT = 200_000
# Going through so many jobs takes 3 ms.
MOST_JOBS_LOOKED_AT = 5_000


class Batch:
    """One frame, or several that follow each other, and the outboxes that get them.

    :param frame: the first frame.
    :param receivers: the outboxes.
    """

    __slots__ = ("_size", "frames", "receivers")

    def __init__(self, frame: Frame, receivers: Sequence[Outbox]) -> None:
        self.frames = [frame]
        self.receivers = receivers
        self._size = len(frame.plain)

    def join(self, frame: Frame, receivers: Sequence[Outbox], most: int) -> bool:
        """Take one more frame, if it has the very same receivers and the batch stays below *most*
        bytes; return whether it did."""
        # Identity suffices: a channel hands out one tuple until somebody joins or leaves it.
        if receivers is not self.receivers or self._size + len(frame.plain) > most:
            return False
        self.frames.append(frame)
        self._size += len(frame.plain)
        return True

    def deflate(self) -> None:
        """Deflate the frames, if any receiver takes deflated ones; no lock may be held."""
        if any(outbox.deflates for outbox in self.receivers):
            for frame in self.frames:
                frame.deflate()

    @property
    def plain(self) -> bytes:
        """All frames, for a receiver that takes no deflated ones."""
        return b"".join([frame.plain for frame in self.frames])

    @property
    def deflated(self) -> bytes:
        """All frames, for a receiver that takes deflated ones."""
        return b"".join([frame.deflated for frame in self.frames])


class Jobs(deque[Job]):
    """What is to be written, in order, and what is being written. One thread takes; all append."""

    def __init__(self) -> None:
        super().__init__()
        # None while jobs are taken.
        self._at_work: Collection[Sequence[Outbox]] | None = ()

    def take(self, count: int, most: int) -> tuple[list[Batch], list[threading.Event]]:
        """Take jobs: see :func:`take_jobs`. They are being written until :meth:`end`."""
        self._at_work = None
        batches, settled = take_jobs(self, count, most)
        self._at_work = [one.receivers for one in batches]
        return batches, settled

    def end(self) -> None:
        """Note that what was taken is written."""
        self._at_work = ()

    def are_for(self, outboxes: Collection[Outbox]) -> bool:
        """Return whether any of *outboxes* is yet to get anything, or may be.

        If there are many jobs, or jobs with many receivers of their own, it is not found out.
        """
        if len(self) > MOST_JOBS_LOOKED_AT:
            return True
        # In this order: what is taken is being written, or about to be.
        try:
            waiting = [receivers for _, receivers in list(self)]
        except RuntimeError:  # Others append meanwhile, in a Python where threads run at once.
            return True
        at_work = self._at_work
        if at_work is None:
            return True
        # The frames of a channel mostly share one tuple.
        tuples = {id(receivers): receivers for receivers in (*waiting, *at_work)}.values()
        if len(outboxes) * sum(map(len, tuples)) > MOST_LOOKED_AT:
            return True
        return any(outbox in receivers for receivers in tuples for outbox in outboxes)


def take_jobs(jobs: deque[Job], count: int, most: int) -> tuple[list[Batch], list[threading.Event]]:
    """Take up to *count* jobs off the front of *jobs*.

    :param most: up to how many bytes the frames of following jobs are joined.
    :returns: the batches of the frames, in order; and the events to set once they are written.
    """
    batches: list[Batch] = []
    settled: list[threading.Event] = []
    for _ in range(min(len(jobs), count)):
        frame, receivers = jobs.popleft()
        if not isinstance(frame, Frame):
            settled.append(frame)
        elif not batches or not batches[-1].join(frame, receivers, most):
            batches.append(Batch(frame, receivers))
    return batches, settled


def are_apart(batches: Sequence[Batch], most: int) -> bool:
    """Return whether no socket gets more than one of *batches*.

    Then they are written straight to the kernel: putting a batch into outboxes first takes as long
    again as writing it, and there would be nothing to join there.

    :param most: how many receivers are compared; False for more.
    """
    if len(batches) < 2:
        return True
    receivers = sum([len(batch.receivers) for batch in batches])
    return receivers <= most and receivers == len(
        set().union(*[batch.receivers for batch in batches])
    )
