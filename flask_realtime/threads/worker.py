"""The second greenlet of a socket, which it has while there is work for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

# A thread costs some 50 us to start: one that has just worked waits at least so long for more.
LINGER_SECONDS = 1.0

Job = Callable[[], None]


class Threads:
    """Threads (greenlets, where patched) that work for whoever has work next.

    One that is at rest is used before another is started, so that a thousand sockets that open
    one after the other need a few. Somebody has to :meth:`sweep` now and then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resting: list[_Rest] = []

    @property
    def resting(self) -> int:
        """How many have nothing to do, and wait for it."""
        with self._lock:
            return len(self._resting)

    def run(self, job: Job) -> None:
        """Have *job* done at once, on a thread that does nothing else meanwhile; never blocks."""
        with self._lock:
            rest = self._resting.pop() if self._resting else None
        if rest is not None:
            rest.end(job)
        else:
            threading.Thread(
                target=self._work, args=(job,), name="realtime-worker", daemon=True
            ).start()

    def sweep(self) -> None:
        """Let go of those that have been at rest for long."""
        rested_since = time.monotonic() - LINGER_SECONDS
        with self._lock:
            # The last to come is the first to be used: those that nobody needs lie below.
            few = next(
                (at for at, rest in enumerate(self._resting) if rest.since > rested_since),
                len(self._resting),
            )
            dismissed, self._resting = self._resting[:few], self._resting[few:]
        for rest in dismissed:
            rest.end(None)

    def _work(self, job: Job | None) -> None:
        rest = _Rest()
        while job is not None:
            job()
            with self._lock:
                rest.since = time.monotonic()
                self._resting.append(rest)
            job = rest.wait()


class _Rest:
    """A thread at rest, until it is given a job, or None: then it goes."""

    __slots__ = ("_event", "_job", "since")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._job: Job | None = None
        self.since = 0.0

    def end(self, job: Job | None) -> None:
        self._job = job
        self._event.set()

    def wait(self) -> Job | None:
        # Without a limit: a timer for each message would take a fiftieth of a call.
        self._event.wait()
        self._event.clear()
        job, self._job = self._job, None
        return job


class Worker:
    """Runs the jobs of one socket one at a time, in the order given.

    :param threads: where they run.
    :param lock: may be shared among many: it is held for moments.
    """

    __slots__ = ("_idle", "_is_running", "_jobs", "_lock", "_threads", "pending")

    def __init__(self, threads: Threads, lock: threading.Lock) -> None:
        # Not many: whoever submits them waits for room. An empty deque takes 600 bytes.
        self._jobs: list[Job] = []
        self._threads = threads
        self._lock = lock
        self._is_running = False
        self._idle: threading.Event | None = None
        #: Jobs that wait or run.
        self.pending = 0

    def submit(self, job: Job) -> None:
        """Run *job* after those before it; returns at once."""
        with self._lock:
            self._jobs.append(job)
            self.pending += 1
            must_start = not self._is_running
            self._is_running = True
        if must_start:
            try:
                self._threads.run(self._run)
            except BaseException:
                # No thread could be started: who waits for these jobs waits no longer.
                self._drop()
                raise

    def wait_until_idle(self, seconds: float | None) -> bool:
        """Wait until no job is left; False if *seconds* were not enough."""
        with self._lock:
            if not self.pending:
                return True
            if self._idle is None:
                self._idle = threading.Event()
            idle = self._idle
        return idle.wait(seconds)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except BaseException:
                # gevent's Timeout too: it would end the thread, and leave what waits behind it.
                logger.exception("A socket's job failed.")
            self._done()

    def _drop(self) -> None:
        with self._lock:
            self._is_running = False
            self.pending -= len(self._jobs)
            self._jobs.clear()
            idle, self._idle = self._idle, None
        if idle is not None:
            idle.set()

    def _next(self) -> Job | None:
        with self._lock:
            if self._jobs:
                return self._jobs.pop(0)
            self._is_running = False
        return None

    def _done(self) -> None:
        with self._lock:
            self.pending -= 1
            idle = None
            if not self.pending:
                idle, self._idle = self._idle, None
        if idle is not None:
            idle.set()
