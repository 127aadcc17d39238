"""Where a socket's messages wait for their handlers: a queue of jobs, done one at a time."""

from __future__ import annotations

import logging
import threading

from . import clock
from .pause import let_others_run_behind_app
from .pool import Job, ThreadPool

logger = logging.getLogger(__name__)

# For how long a queue's jobs are done without a pause.
STRETCH_SECONDS = 0.002


class JobQueue:
    """Runs the jobs of one socket one at a time, in the order given.

    A thread of the pool works for the queue as long as there are jobs, and then goes back.

    :param threads: where the jobs run.
    :param lock: guards the list of jobs; it is held for moments, so many queues may share one.
    :ivar pending: how many jobs wait or run.
    """

    __slots__ = ("_idle", "_is_running", "_jobs", "_lock", "_threads", "pending")

    def __init__(self, threads: ThreadPool, lock: threading.Lock) -> None:
        # A list, because an empty deque takes 600 bytes. It stays short, since the reader of
        # messages stops while many wait.
        self._jobs: list[Job] = []
        self._threads = threads
        self._lock = lock
        self._is_running = False
        self._idle: threading.Event | None = None
        self.pending = 0

    def submit(self, job: Job) -> None:
        """Run *job* after the jobs before it; returns at once.

        :raises RuntimeError: if the system has no thread left; all waiting jobs are dropped then.
        """
        with self._lock:
            self._jobs.append(job)
            self.pending += 1
            must_start = not self._is_running
            self._is_running = True
        if must_start:
            try:
                self._threads.run(self._run)
            except BaseException:
                # A caller of wait_until_idle() must not wait for ever for jobs that nobody runs.
                self._drop()
                raise

    def drop_waiting(self) -> None:
        """Drop all jobs but the one that runs, or that is about to run.

        For a socket that is closed: nobody would hear the replies, and the socket counts against
        the limits until its last job ends.
        """
        with self._lock:
            is_running = self.pending > len(self._jobs)
            del self._jobs[0 if is_running else 1 :]
            self.pending = len(self._jobs) + is_running

    def wait_until_idle(self, seconds: float | None) -> bool:
        """Wait until no job is left.

        :param seconds: how long to wait at the most; None: no limit.
        :returns: False if jobs are left after *seconds*.
        """
        with self._lock:
            if not self.pending:
                return True
            if self._idle is None:
                self._idle = threading.Event()
            idle = self._idle
        return idle.wait(seconds)

    def _run(self) -> None:
        paused_at = clock.monotonic()
        while (job := self._next()) is not None:
            try:
                job()
            except BaseException:
                # BaseException, because gevent's Timeout is one: it would end the thread, and the
                # jobs behind this one would never run.
                logger.exception("A socket's job failed.")
            self._done()
            # Greenlets do jobs that wait for nothing without a pause: those of many sockets would
            # hold up everybody else.
            if self._jobs and clock.monotonic() - paused_at > STRETCH_SECONDS:
                let_others_run_behind_app()
                paused_at = clock.monotonic()

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
