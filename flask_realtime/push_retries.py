"""Tries pushes again that the registry has not accepted."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from .errors import RegistryUnavailable
from .protocol.pushes import Push
from .threads import clock
from .threads.background import BackgroundThread

logger = logging.getLogger(__name__)

# A channel remembers a push id for this time. A push that is repeated later could become a second
# message.
PATIENCE_SECONDS = 300.0
RETRY_SECONDS = 1.0


class _Waiting(NamedTuple):
    """Pushes that wait: what makes them, until when they are tried, and their names for the log."""

    deadline: float
    make: Callable[[], Sequence[Push]]
    names: Sequence[str]


class RetryQueue:
    """Publishes pushes in order, and tries again in the background while the registry is away.

    It is for pushes that must not fail, because the database has already committed. Pushes that are
    still queued when the process ends are lost.

    :param publish: publishes pushes, or raises :exc:`RegistryUnavailable`.
    :param seconds: for how many seconds a push is tried.
    """

    def __init__(
        self,
        publish: Callable[[Sequence[Push]], object],
        seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._publish = publish
        self._seconds = seconds
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = BackgroundThread("realtime-retries", self._run)

    def publish(
        self, make: Callable[[], Sequence[Push]], names: Sequence[str], waits: bool = True
    ) -> None:
        """Publish pushes after those that are queued already.

        It never raises :exc:`RegistryUnavailable`.

        :param make: makes the pushes; it may ask the registry which channels fit a pattern. Each
            push must have the same push id whenever *make* is called.
        :param names: the channels and the pattern that the pushes go to, for the log.
        :param waits: True: publish the pushes before this method returns, if none is queued and
            the registry is there; False: publish them in the background.
        """
        # The time counts from before the first attempt, since that may append the push: from then
        # on the channel remembers the push id.
        deadline = clock.monotonic() + self._seconds
        with self._lock:
            must_wait = bool(self._queue) or not waits
        if not must_wait:
            try:
                self._publish(make())
                return
            except RegistryUnavailable as error:
                logger.warning("The registry is unavailable; a push will be tried again: %s", error)
            except Exception:
                raise
            except BaseException:
                # What interrupts the caller, such as a gevent.Timeout, must not lose the push.
                self._put_off(_Waiting(deadline, make, names))
                raise
        self._put_off(_Waiting(deadline, make, names))

    def close(self) -> None:
        """End the thread; queued pushes are dropped, and the log tells which."""
        self._is_closed = True
        self._wake.set()
        self._thread.join()
        with self._lock:
            dropped = list(self._queue)
        for one in dropped:
            logger.error("A push to %s was lost: the app was closed meanwhile.", _quoted(one.names))

    def _put_off(self, waiting: _Waiting) -> None:
        with self._lock:
            self._queue.append(waiting)
        self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while not self._is_closed:
            if self._try_first():
                continue
            with self._lock:
                pause = RETRY_SECONDS if self._queue else None
            self._wake.wait(pause)
            self._wake.clear()

    def _try_first(self) -> bool:
        """Return whether the first of the queue is done with, so that the next can be tried."""
        with self._lock:
            first = self._queue[0] if self._queue else None
        if first is None:
            return False
        channels = _quoted(first.names)
        if clock.monotonic() >= first.deadline:
            # The push is not tried once more: an attempt whose answer was lost may have published
            # it, and its id may be forgotten.
            logger.error(
                "A push to %s was lost, because the registry was unavailable for %g s.",
                channels,
                self._seconds,
            )
        else:
            try:
                self._publish(first.make())
            except RegistryUnavailable:
                return False
            except Exception:
                logger.exception("A push to %s failed.", channels)
        with self._lock:
            self._queue.popleft()
        return True


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
