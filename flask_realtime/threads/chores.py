"""What a process does again and again, as long as it lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from . import clock
from .background import BackgroundThread

logger = logging.getLogger(__name__)


class Chores:
    """Calls functions at intervals, one after the other, on a thread of their own.

    A chore may take its time: it delays other chores, and nothing else.

    :param chores: pairs of seconds between two calls, and the function.
    """

    def __init__(self, chores: Iterable[tuple[float, Callable[[], None]]]) -> None:
        self._chores = list(chores)
        self._stop = threading.Event()
        self._thread = BackgroundThread("realtime-chores", self._run)

    def start(self) -> None:
        """Begin; the first calls come after one interval each. Later calls do nothing.

        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        self._thread.start()

    def close(self) -> None:
        """End the thread, behind the chore that it may be doing."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        now = clock.monotonic()
        due = [now + every for every, _ in self._chores]
        while due and not self._stop.wait(max(0.0, min(due) - clock.monotonic())):
            for index, (every, chore) in enumerate(self._chores):
                if clock.monotonic() >= due[index]:
                    _do(chore)
                    due[index] = clock.monotonic() + every


def _do(chore: Callable[[], None]) -> None:
    try:
        chore()
    except ConnectionError as error:
        logger.warning("A chore is put off, because the registry is away: %s", error)
    except Exception:
        logger.exception("A chore failed; it is tried again at its next turn.")
