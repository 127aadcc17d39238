"""The second greenlet of a socket, which exists while there is work for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

# A thread costs some 50 us to start: one that has just worked waits this long for more.
LINGER_SECONDS = 1.0

Job = Callable[[], None]


class Worker:
    """Runs jobs one at a time, in the order given, on a thread (a greenlet, where patched).

    :param lock: may be shared among many: it is held for moments.
    """

    __slots__ = ("_idle", "_is_running", "_jobs", "_lock", "_more", "pending")

    def __init__(self, lock: threading.Lock) -> None:
        # Not many: whoever submits them waits for room. An empty deque takes 600 bytes.
        self._jobs: list[Job] = []
        self._lock = lock
        self._is_running = False
        self._more: threading.Event | None = None
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
            more = self._more
        if must_start:
            threading.Thread(target=self._run, name="realtime-worker", daemon=True).start()
        elif more is not None:
            more.set()

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
            except Exception:
                logger.exception("A socket's job failed.")
            self._done()

    def _next(self) -> Job | None:
        with self._lock:
            if self._jobs:
                return self._jobs.pop(0)
            more = self._more = threading.Event()
        more.wait(LINGER_SECONDS)
        with self._lock:
            self._more = None
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
