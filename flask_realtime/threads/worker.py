"""The jobs of one socket, one at a time: a socket has a second thread while there are any."""

from __future__ import annotations

import logging
import threading

from .pool import Job, ThreadPool

logger = logging.getLogger(__name__)


class Worker:
    """Runs the jobs of one socket one at a time, in the order given.

    :param threads: where the jobs run.
    :param lock: guards the list of jobs; it is held for moments, so many workers may share one.
    """

    __slots__ = ("_idle", "_is_running", "_jobs", "_lock", "_threads", "pending")

    def __init__(self, threads: ThreadPool, lock: threading.Lock) -> None:
        # A list, because an empty deque takes 600 bytes; it is short, since whoever reads messages
        # stops while many wait.
        self._jobs: list[Job] = []
        self._threads = threads
        self._lock = lock
        self._is_running = False
        self._idle: threading.Event | None = None
        #: Jobs that wait or run.
        self.pending = 0

    def submit(self, job: Job) -> None:
        """Run *job* after the jobs before it; returns at once.

        :raises RuntimeError: if no thread is to be had; then all waiting jobs are dropped.
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
                # Whoever waits for these jobs must not wait for ever.
                self._drop()
                raise

    def drop_waiting(self) -> None:
        """Drop the jobs behind the one that runs, or that is the next to run: nobody would hear the
        replies, and a socket keeps its place until its last job ends."""
        with self._lock:
            is_running = self.pending > len(self._jobs)
            del self._jobs[0 if is_running else 1 :]
            self.pending = len(self._jobs) + is_running

    def wait_until_idle(self, seconds: float | None) -> bool:
        """Wait until no job is left; return False if *seconds* were not enough (None: no limit)."""
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
                # BaseException, because gevent's Timeout is one: it would end the thread, and the
                # jobs behind this one would never run.
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
