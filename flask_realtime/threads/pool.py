"""Threads that are used again by whoever has work next."""

from __future__ import annotations

import threading
from collections.abc import Callable

from . import clock
from .background import join, start_thread
from .turns import Turns

# To start a thread takes some 50 us: one that has just worked waits at least so long for more.
LINGER_SECONDS = 1.0

Job = Callable[[], None]


class ThreadPool:
    """Threads (greenlets, where gevent has patched) that work for whoever has work next.

    A thread at rest is used before another one is started, so that a thousand sockets that open
    one after the other need few threads. The pool has no upper limit, and never makes a job wait.
    Its owner calls :meth:`sweep` now and then.
    """

    def __init__(self) -> None:
        #: Those of all who work for the same sockets as these threads.
        self.turns = Turns()
        self._lock = threading.Lock()
        self._resting: list[_Seat] = []
        self._threads: set[threading.Thread] = set()
        self._is_closed = False

    @property
    def resting(self) -> int:
        """How many threads have nothing to do, and wait for a job."""
        with self._lock:
            return len(self._resting)

    def run(self, job: Job) -> None:
        """Have *job* done at once, on a thread that does nothing else meanwhile; never blocks.

        :raises RuntimeError: if no thread rests and the system has none left.
        """
        with self._lock:
            seat = self._resting.pop() if self._resting else None
        if seat is not None:
            seat.give(job)
        else:
            start_thread("realtime-worker", lambda: self._work(job))

    def close(self) -> None:
        """End the threads, each behind the job that it may be doing.

        Returns when they have ended, or after ``END_SECONDS``. A job that is given later is done
        all the same, by a thread that ends behind it.
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
            # The last one to come is the first to be used: the ones that nobody needs lie below.
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
        while job is not None:
            job()
            with self._lock:
                if self._is_closed:
                    break
                seat.since = clock.monotonic()
                self._resting.append(seat)
            job = seat.wait()
        with self._lock:
            self._threads.discard(thread)


class _Seat:
    """Where one thread of a pool rests until it is given a job, or None: then the thread ends."""

    __slots__ = ("_event", "_job", "since")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._job: Job | None = None
        self.since = 0.0

    def give(self, job: Job | None) -> None:
        self._job = job
        self._event.set()

    def wait(self) -> Job | None:
        # Without a limit: a timer for each message would take a fiftieth of a call's time.
        self._event.wait()
        self._event.clear()
        job, self._job = self._job, None
        return job
