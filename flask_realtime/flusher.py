"""The one that drains them all: it writes whatever waits in the outboxes of a process."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque

from .outbox import Outbox
from .writability import Writability

logger = logging.getLogger(__name__)

# Under gevent nobody else runs while outboxes are flushed; some 5 us each.
FLUSHES_AT_ONCE = 200


class Flusher:
    """Flushes outboxes on a thread of its own, on the next turn of the loop under gevent.

    What many threads append meanwhile goes to the kernel in one call for each outbox.
    """

    def __init__(self) -> None:
        #: Of all outboxes that are flushed here; see :class:`Outbox`.
        self.lock = threading.Lock()
        self._scheduled: deque[Outbox] = deque()
        self._bell = threading.Event()
        self._is_idle = False
        self._is_running = False
        self._starting = threading.Lock()
        self._writability = Writability(self._has_room)

    def wake(self, outbox: Outbox) -> None:
        """Have *outbox* flushed soon; never blocks."""
        # Its flag comes down before it is flushed: what was appended before this is seen.
        if outbox.is_scheduled:
            return
        outbox.is_scheduled = True
        self._scheduled.append(outbox)
        if self._is_idle:
            self._bell.set()
        elif not self._is_running:
            self._start()

    def forget(self, outbox: Outbox) -> None:
        """Flush *outbox* no more; when this returns, nobody waits for its fd."""
        outbox.close()
        self._writability.forget(outbox)

    def _has_room(self, outbox: Outbox) -> None:
        outbox.is_scheduled = False
        self.wake(outbox)

    def _start(self) -> None:
        with self._starting:
            if self._is_running:
                return
            self._is_running = True
        threading.Thread(target=self._run, name="realtime-flusher", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._is_idle = True
            # Looked at again after the flag is up: what was scheduled before it rang no bell.
            if not self._scheduled:
                self._bell.wait()
            self._bell.clear()
            self._is_idle = False
            while self._scheduled:
                self._flush_some()
                time.sleep(0)

    def _flush_some(self) -> None:
        full: list[Outbox] = []
        broken: list[Outbox] = []
        with self.lock:
            for _ in range(min(len(self._scheduled), FLUSHES_AT_ONCE)):
                outbox = self._scheduled.popleft()
                outbox.is_scheduled = False
                try:
                    if not outbox.flush():
                        full.append(outbox)
                except OSError:
                    broken.append(outbox)
                except Exception:
                    logger.exception("Writing to a socket failed; ending it.")
                    broken.append(outbox)
        for outbox in full:
            # What is appended meanwhile need not try.
            outbox.is_scheduled = True
            self._writability.await_room(outbox)
        for outbox in broken:
            outbox.on_broken()
