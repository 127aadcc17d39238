"""The only place of the package that starts threads (greenlets, where gevent has patched)."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable, Iterable

from . import clock

# How long a caller waits for a thread to end: a thread that waits for Redis is done by then, by the
# default of REALTIME_REDIS_TIMEOUT_SECONDS.
END_SECONDS = 3.0


def start_thread(name: str, run: Callable[[], None]) -> threading.Thread:
    """Run *run* on a new thread, which sees none of its starter's context variables.

    The process does not wait for the thread when it ends.

    :param name: the thread's name, as debuggers show it.
    :returns: the thread.
    :raises RuntimeError: if the system has no thread left, or Python itself ends.
    """
    if sys.is_finalizing():
        # A __del__ that runs as the last thing. Before Python 3.12 it would wait for ever for a
        # thread that does not begin any more.
        raise RuntimeError("No thread can be started, since Python ends.")
    thread = threading.Thread(target=run, name=name, daemon=True)
    # Python 3.14's free-threaded build starts a thread in a copy of its starter's context: a
    # thread that the first request starts would keep that request and its "g" for ever.
    contextvars.Context().run(thread.start)
    return thread


def join(threads: Iterable[threading.Thread]) -> None:
    """Wait until *threads* have ended, ``END_SECONDS`` at the most.

    If the calling thread is one of them, it does not wait for itself.
    """
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
        """Whether the thread was ever started; it may have ended since."""
        return self._thread is not None

    @property
    def is_current(self) -> bool:
        """Whether it is the calling thread."""
        return self._thread is threading.current_thread()

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

        Returns at once if the thread was not started, or if it is the calling thread.
        """
        if self._thread is not None:
            join([self._thread])
