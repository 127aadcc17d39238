"""The only place of the package that starts threads (greenlets, where gevent has patched)."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable


def start_thread(name: str, run: Callable[[], None]) -> None:
    """Run *run* on a new thread, which sees no context variable of its starter.

    The process does not wait for the thread when it ends.

    :param name: the thread's name, as debuggers show it.
    :raises RuntimeError: if the system has no thread left.
    """
    thread = threading.Thread(target=run, name=name, daemon=True)
    # Python 3.14's free-threaded build starts a thread in a copy of its starter's context: a
    # thread that the first request starts would keep that request and its "g" for ever.
    contextvars.Context().run(thread.start)


class BackgroundThread:
    """A thread that is started once, when it is first needed.

    :param name: the thread's name, as debuggers show it.
    :param run: what the thread does.
    """

    __slots__ = ("_lock", "_name", "_run", "is_started")

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self._name = name
        self._run = run
        self._lock = threading.Lock()
        #: Whether the thread was started, be it ended by now.
        self.is_started = False

    def start(self) -> None:
        """Start the thread; later calls do nothing.

        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        if self.is_started:
            return
        with self._lock:
            if not self.is_started:
                start_thread(self._name, self._run)
                self.is_started = True
