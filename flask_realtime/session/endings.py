"""Tells the registry, and so all processes, that a session or user has ended."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from ..errors import RegistryUnavailable
from ..threads.background import BackgroundThread

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0

Step = Callable[[], object]


class Endings:
    """Carries out steps in order, and tries again in the background while the registry is away.

    A log-out must not fail because Redis is away: it is told to Redis as soon as Redis is back.
    Steps that are still queued when the process ends are lost.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Step] = deque()
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = BackgroundThread("realtime-endings", self._run)

    def run(self, steps: Sequence[Step]) -> None:
        """Run *steps* in order, after those that are queued.

        Never raises :exc:`RegistryUnavailable`.
        """
        with self._lock:
            waiting = list(steps)
            must_wait = bool(self._queue)
            if must_wait:
                self._queue.extend(waiting)
        while waiting and not must_wait:
            try:
                waiting[0]()
            except RegistryUnavailable as error:
                logger.warning(
                    "The end of a session or user will be told to the registry later: %s", error
                )
                with self._lock:
                    self._queue.extend(waiting)
                break
            waiting.pop(0)
        if waiting:
            self._thread.start()
            self._wake.set()

    def close(self) -> None:
        """End the thread; queued steps are dropped."""
        self._is_closed = True
        self._wake.set()

    def _run(self) -> None:
        while not self._is_closed:
            with self._lock:
                first = self._queue[0] if self._queue else None
            if first is None or not self._is_done(first):
                self._wake.wait(None if first is None else RETRY_SECONDS)
                self._wake.clear()

    def _is_done(self, step: Step) -> bool:
        try:
            step()
        except RegistryUnavailable as error:
            logger.debug("The registry is still away: %s", error)
            return False
        except Exception:
            logger.exception("The end of a session or user could not be told to the registry.")
        with self._lock:
            self._queue.popleft()
        return True
