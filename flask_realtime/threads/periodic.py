"""Calls functions at intervals, for as long as a process lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from . import clock
from .background import BackgroundThread

logger = logging.getLogger(__name__)


class Periodic:
    """Calls functions at intervals, one after the other, on a thread of its own.

    A slow function delays the other functions of this object, and nothing else. A function that
    raises an exception is called again after its interval, as are the others. The log has a line
    when it fails, and when it fails in another way than the last time.

    :param name: the thread's name, as debuggers and the log show it.
    :param calls: pairs of the seconds between two calls, and the function.
    """

    def __init__(self, name: str, calls: Iterable[tuple[float, Callable[[], None]]]) -> None:
        self._name = name
        self._calls = list(calls)
        # How each function failed the last time it was called, by its index.
        self._failures: dict[int, type[Exception]] = {}
        self._stop = threading.Event()
        self._thread = BackgroundThread(name, self._run)

    def start(self) -> None:
        """Begin; the first calls come after one interval each. Later calls do nothing.

        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        self._thread.start()

    def close(self) -> None:
        """End the thread, after the function that it is calling, if any, has returned."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        now = clock.monotonic()
        due = [now + every for every, _ in self._calls]
        while due and not self._stop.wait(max(0.0, min(due) - clock.monotonic())):
            for index, (every, function) in enumerate(self._calls):
                if clock.monotonic() >= due[index]:
                    self._call(index, function)
                    due[index] = clock.monotonic() + every

    def _call(self, index: int, function: Callable[[], None]) -> None:
        try:
            function()
        except ConnectionError as error:
            logger.log(
                self._level_of(index, error, logging.WARNING),
                "%s: a call failed, because the registry is unavailable; it will be repeated: %s",
                self._name,
                error,
            )
        except Exception as error:
            level = self._level_of(index, error, logging.ERROR)
            logger.log(level, "%s: a call failed; it will be repeated.", self._name, exc_info=True)
        else:
            self._failures.pop(index, None)

    def _level_of(self, index: int, error: Exception, first: int) -> int:
        """Note that a function failed; return the level for the log: *first*, but for a failure
        that is told already."""
        before, self._failures[index] = self._failures.get(index), type(error)
        return logging.DEBUG if before is type(error) else first
