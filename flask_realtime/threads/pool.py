"""A pool of threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from . import clock
from .background import join, start_thread
from .time_slice import TimeSlice

logger = logging.getLogger(__name__)

# How long a thread waits for its next job before it ends. Starting one takes some 50 us.
LINGER_SECONDS = 1.0

Job = Callable[[], None]


class ThreadPool:
    """Threads (greenlets, if gevent has patched them) that do jobs.

    A job is given to a thread that rests, if there is one, and else to a new thread: a thousand
    sockets that open one after the other need few threads. The pool has no upper limit, so a job
    never waits. The pool's owner calls :meth:`sweep` now and then.

    :ivar time_slice: shared by all who work for the same sockets as these threads.
    """

    def __init__(self) -> None:
        self.time_slice = TimeSlice()
        self._lock = threading.Lock()
        self._resting: list[_Seat] = []
        self._threads: set[threading.Thread] = set()
        self._is_closed = False

    @property
    def resting(self) -> int:
        """How many threads wait for a job."""
        with self._lock:
            return len(self._resting)

    def run(self, job: Job) -> None:
        """Do *job* at once, on a thread that does nothing else meanwhile. Never blocks.

        :raises RuntimeError: if no thread rests and the system has none left.
        """
        with self._lock:
            seat = self._resting.pop() if self._resting else None
        if seat is not None:
            seat.give(job)
        else:
            start_thread("realtime-worker", lambda: self._work(job))

    def close(self) -> None:
        """End the threads, each after the job that it is doing.

        Returns when they have ended, or after ``END_SECONDS``. A job that is given later is still
        done, by a thread that ends after it.
        """
        with self._lock:
            self._is_closed = True
            dismissed, self._resting = self._resting, []
            threads = list(self._threads)
        for seat in dismissed:
            seat.give(None)
        join(threads)

    def sweep(self) -> None:
        """End the threads that have rested for longer than ``LINGER_SECONDS``."""
        rested_since = clock.monotonic() - LINGER_SECONDS
        with self._lock:
            # The thread that came last is used first, so those that nobody needs stand in front.
            few = next(
                (at for at, seat in enumerate(self._resting) if seat.since > rested_since),
                len(self._resting),
            )
            dismissed, self._resting = self._resting[:few], self._resting[few:]
        for seat in dismissed:
            seat.give(None)

    def _work(self, job: Job | None) -> None:
        seat, thread = _Seat(), threading.current_thread()
        with self._lock:
            self._threads.add(thread)
        try:
            while job is not None:
                job()
                job = self._rest(seat)
        finally:
            with self._lock:
                self._threads.discard(thread)

    def _rest(self, seat: _Seat) -> Job | None:
        """Wait for the next job; return None if the thread is to end."""
        with self._lock:
            if self._is_closed:
                return None
            seat.since = clock.monotonic()
            self._resting.append(seat)
        while True:
            try:
                return seat.wait()
            except BaseException:
                # A gevent.Timeout that a job has begun and not ended is raised wherever its thread
                # waits. A seat that stayed in the list would be given jobs that nobody does.
                logger.exception(
                    "An exception such as a gevent.Timeout of the app has interrupted a thread "
                    "that waited for its next job."
                )
                with self._lock:
                    if seat in self._resting:
                        self._resting.remove(seat)
                        return None


class _Seat:
    """Where one thread of a pool rests until it is given a job; given None, the thread ends."""

    __slots__ = ("_event", "_job", "since")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._job: Job | None = None
        self.since = 0.0

    def give(self, job: Job | None) -> None:
        self._job = job
        self._event.set()

    def wait(self) -> Job | None:
        # Without a timeout: a timer for each message would take a fiftieth of a call's time.
        self._event.wait()
        self._event.clear()
        job, self._job = self._job, None
        return job
