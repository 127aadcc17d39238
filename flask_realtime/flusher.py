"""The one that drains all outboxes."""

from __future__ import annotations

import logging
import threading
from collections import deque

from .outbox import Outbox

logger = logging.getLogger(__name__)


class Flusher:
    def __init__(self) -> None:
        self._ready: deque[Outbox] = deque()
        self._lock = threading.Lock()
        self._running = False
        self._event = threading.Event()
        self._blocked: set[Outbox] = set()

    def wake(self, outbox: Outbox) -> None:
        if outbox.is_scheduled:
            return
        outbox.is_scheduled = True
        self._ready.append(outbox)
        if not self._running:
            with self._lock:
                if not self._running:
                    self._running = True
                    threading.Thread(target=self._run, daemon=True).start()
        self._event.set()

    def forget(self, outbox: Outbox) -> None:
        outbox.close()
        self._blocked.discard(outbox)

    def close(self) -> None:
        pass

    def _run(self) -> None:
        while True:
            self._event.wait(0.02 if self._blocked else None)
            self._event.clear()
            for outbox in list(self._blocked):
                self._blocked.discard(outbox)
                self._flush(outbox)
            while self._ready:
                outbox = self._ready.popleft()
                outbox.is_scheduled = False
                self._flush(outbox)

    def _flush(self, outbox: Outbox) -> None:
        try:
            if not outbox.flush():
                self._blocked.add(outbox)
        except OSError:
            outbox.on_broken()
        except Exception:
            logger.exception("flush")
