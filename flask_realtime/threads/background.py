"""The threads that a process has one of each."""

from __future__ import annotations

import threading
from collections.abc import Callable


class BackgroundThread:
    """A thread (a greenlet, where patched) that is started once, when it is first needed.

    :param run: what it does; its process does not wait for it at the end.
    """

    __slots__ = ("_lock", "_name", "_run", "is_started")

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self._name = name
        self._run = run
        self._lock = threading.Lock()
        self.is_started = False

    def start(self) -> None:
        """Start it; later calls do nothing.

        :raises RuntimeError: if no thread can be had now; the next call tries again.
        """
        if self.is_started:
            return
        with self._lock:
            if not self.is_started:
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
                self.is_started = True
