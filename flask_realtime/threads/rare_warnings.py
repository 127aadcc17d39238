"""Warnings that clients can cause, as often as they like: a log gets few lines of them."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial

from . import clock
from .background import start_thread
from .fork import ForkLocal

# How often each kind of warning gets a line.
SECONDS = 1.0


class RareWarnings:
    """Logs warnings: of each kind one line a second, which tells how many it stands for.

    The first of a kind is logged at once. Those that follow within ``SECONDS`` are counted, and the
    latest of them is logged at the end of that time, with their number.

    :param logger: where the lines go.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._here = ForkLocal(_Counts)

    def warn(self, kind: str, line: str) -> None:
        """Log *line*, or count it. Never blocks.

        :param kind: of a bounded number of kinds, so without anything that a client has sent.
        :param line: the warning.
        """
        counts, now = self._here.get(), clock.monotonic()
        with counts.lock:
            count, _ = counts.held.get(kind, (0, ""))
            is_due = not count and now - counts.logged_at.get(kind, -SECONDS) >= SECONDS
            if is_due:
                counts.logged_at[kind] = now
            else:
                counts.held[kind] = count + 1, line
        if is_due:
            self._logger.warning("%s", line)
        elif not count:
            self._tell_later(kind, counts)

    def forget(self) -> None:
        """Forget what was logged: the next warning of each kind is logged at once."""
        self._here.pop()

    def _tell_later(self, kind: str, counts: _Counts) -> None:
        try:
            start_thread("realtime-warnings", partial(self._wait_and_tell, kind, counts))
        except RuntimeError:
            # The system has no thread left.
            self._tell(kind, counts)

    def _wait_and_tell(self, kind: str, counts: _Counts) -> None:
        time.sleep(SECONDS)
        self._tell(kind, counts)

    def _tell(self, kind: str, counts: _Counts) -> None:
        with counts.lock:
            count, line = counts.held.pop(kind)
            counts.logged_at[kind] = clock.monotonic()
        if count == 1:
            self._logger.warning("%s", line)
        else:
            self._logger.warning("%s (One of %d such warnings since the last.)", line, count)


class _Counts:
    """What one process has logged, and what it has yet to log, by kind."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.logged_at: dict[str, float] = {}
        self.held: dict[str, tuple[int, str]] = {}
