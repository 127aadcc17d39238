"""A time slice that many threads share: work goes on for so long, and then others run."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from . import clock
from .pause import let_others_run

# How long work goes on without a pause: less than a page takes, and less than its reader notices.
SLICE_SECONDS = 0.005
# If nobody has worked for so long, all others have had time to run.
GAP_SECONDS = 0.001


class TimeSlice:
    """Counts the time that many threads work, and makes a pause whenever the slice is used up.

    Under gevent the reader of a socket whose peer sends faster than it is read never waits, so that
    no other greenlet would run. All readers share one slice: if each had one of its own, 64 such
    peers would make everybody else wait for 64 slices.
    """

    __slots__ = ("_alone", "_ended_at", "_is_pausing", "_lock", "_queue", "_worked")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._worked = 0.0
        self._ended_at = 0.0
        # Whether a thread makes a pause right now, and the threads that wait for its end, in order.
        self._is_pausing = False
        self._queue: deque[threading.Event] = deque()

    def begin(self) -> float:
        """Begin some work, after a pause if one is due; return the time, for :meth:`end`."""
        now = clock.monotonic()
        if now - self._ended_at > GAP_SECONDS:
            self._worked = 0.0
        elif self._worked > SLICE_SECONDS:
            self._pause()
            now = clock.monotonic()
        return now

    def end(self, began: float) -> None:
        """End some work.

        :param began: what :meth:`begin` returned for it.
        """
        self._ended_at = now = clock.monotonic()
        self._worked += now - began

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do a long piece of work in a ``with`` block; only one such block runs at a time.

        The block must not wait for anything.
        """
        # Before the lock is taken: under gevent a thread that releases a lock and wants it again at
        # once gets it before any other.
        began = self.begin()
        with self._alone:
            try:
                yield
            finally:
                self.end(began)

    def _pause(self) -> None:
        """Make a pause, or wait while another thread makes one; those who wait go on one by one.

        Without the queue all that wait would go on together after one pause. A lock would not do:
        under gevent a thread that wants it again at once gets it before those that wait.
        """
        self._wait_in_line()
        try:
            if self._worked > SLICE_SECONDS:
                let_others_run()
                self._worked = 0.0
        finally:
            self._call_next()

    def _wait_in_line(self) -> None:
        with self._lock:
            if not self._is_pausing:
                self._is_pausing = True
                return
            event = threading.Event()
            self._queue.append(event)
        try:
            event.wait()
        except BaseException:
            # A killed greenlet, say: those behind it would wait for ever for it to go on.
            self._leave_line(event)
            raise

    def _leave_line(self, event: threading.Event) -> None:
        with self._lock:
            is_called = event not in self._queue
            if not is_called:
                self._queue.remove(event)
        if is_called:
            self._call_next()

    def _call_next(self) -> None:
        with self._lock:
            event = self._queue.popleft() if self._queue else None
            self._is_pausing = event is not None
        if event is not None:
            event.set()
