"""The thread that hands out what was published in this process."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from ...protocol.publications import Publication
from ...threads import clock
from ...threads.background import BackgroundThread
from ...threads.pause import let_others_run

logger = logging.getLogger(__name__)

# How many deliveries are made between two pauses: to a few hundred sockets each they take some
# milliseconds, and under gevent nobody else runs meanwhile.
DELIVERIES_AT_ONCE = 50
# For how many seconds somebody waits for what was put in before: delivering takes microseconds for
# each socket, unless the process is held up.
SETTLE_SECONDS = 1.0


class MemoryDelivery:
    """Calls *deliver* with each publication, in order, on one thread that holds no lock.

    :param deliver: takes a publication. An exception is logged, and the next publication follows.
    """

    def __init__(self, deliver: Callable[[Publication], None]) -> None:
        self._deliver = deliver
        # An event stands behind what somebody waits for.
        self._waiting: deque[Publication | threading.Event] = deque()
        self._wake = threading.Event()
        self._is_idle = False
        self._is_closed = False
        self._busy_since: float | None = None
        # For what somebody has last waited in vain.
        self._late: threading.Event | None = None
        self._thread = BackgroundThread("realtime-delivery", self._run)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, publication: Publication | threading.Event) -> None:
        """Have *publication* delivered after those that were put in before."""
        self._waiting.append(publication)
        # In a burst the thread is mostly at work already, and setting an event takes time.
        if self._is_idle:
            self._wake.set()

    def settle(self) -> None:
        """Wait until what was put in before is delivered, ``SETTLE_SECONDS`` at the most.

        Once a caller has waited in vain, no other waits until the thread has come so far: else
        thousands of callers would wait, one after the other.
        """
        if self._late is not None and not self._late.is_set():
            return
        # In this order: the thread is busy before it takes anything out.
        if (self._waiting or self._busy_since is not None) and not self._thread.is_current:
            done = threading.Event()
            self.put(done)
            if not done.wait(SETTLE_SECONDS):
                self._late = done

    def close(self) -> None:
        """End the thread; waiting publications are dropped."""
        self._is_closed = True
        self._wake.set()
        self._thread.join()

    def lag_seconds(self) -> float:
        """Return for how many seconds publications have been waiting; 0 if none waits."""
        busy_since = self._busy_since
        return 0.0 if busy_since is None else clock.monotonic() - busy_since

    def _run(self) -> None:
        while not self._is_closed:
            self._is_idle = True
            # Checked again after the flag is set: a publication put in before that has woken
            # nobody.
            if not self._waiting:
                self._wake.wait()
            self._wake.clear()
            self._is_idle = False
            self._busy_since = clock.monotonic()
            self._empty()
            self._busy_since = None

    def _empty(self) -> None:
        delivered = 0
        while self._waiting and not self._is_closed:
            publication = self._waiting.popleft()
            if isinstance(publication, threading.Event):
                publication.set()
                continue
            try:
                self._deliver(publication)
            except Exception:
                logger.exception(
                    "Delivering the message %s of channel %r failed.",
                    publication.position,
                    publication.channel,
                )
            delivered += 1
            if delivered % DELIVERIES_AT_ONCE == 0:
                let_others_run()
