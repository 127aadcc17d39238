"""The only place of the package that starts threads (greenlets, where gevent has patched)."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterable

from . import clock

# How long whoever ends a thread waits for it: one that waits for Redis, by default, is done then.
END_SECONDS = 3.0


def start_thread(name: str, run: Callable[[], None]) -> threading.Thread:
    """Run *run* on a new thread, which sees no context variable of its starter.

    The process does not wait for the thread when it ends.

    :param name: the thread's name, as debuggers show it.
    :returns: the thread.
    :raises RuntimeError: if the system has no thread left.
    """
    thread = threading.Thread(target=run, name=name, daemon=True)
    # Python 3.14's free-threaded build starts a thread in a copy of its starter's context: a
    # thread that the first request starts would keep that request and its "g" for ever.
    contextvars.Context().run(thread.start)
    return thread


def join(threads: Iterable[threading.Thread]) -> None:
    """Wait until *threads* have ended, ``END_SECONDS`` at the most; never for the caller's own."""
    deadline = clock.monotonic() + END_SECONDS
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(max(0.0, deadline - clock.monotonic()))


class BackgroundThread:
    """A thread that is started once, when it is first needed.

    :param name: the thread's name, as debuggers show it.
    :param run: what the thread does.
    """

    __slots__ = ("_lock", "_name", "_run", "_thread")

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self._name = name
        self._run = run
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def is_started(self) -> bool:
        """Whether the thread was started, be it ended by now."""
        return self._thread is not None

    def start(self) -> None:
        """Start the thread; later calls do nothing.

        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = start_thread(self._name, self._run)

    def join(self) -> None:
        """Wait until the thread has ended, ``END_SECONDS`` at the most.

        Returns at once if the thread was not started, and where the caller is that thread.
        """
        if self._thread is not None:
            join([self._thread])
