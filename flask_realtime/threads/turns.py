"""Turns: what many do one after the other, with time for everybody else in between."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from . import clock
from .pause import let_others_run

# Work of this length is done without a pause: less than a page takes, and than its reader feels.
TURN_SECONDS = 0.005
# Whoever begins so long after the last one has ended finds that others had time meanwhile.
GAP_SECONDS = 0.001


class Turns:
    """Lets others run when the work of all who take turns has gone on for a turn.

    Under gevent a peer that sends faster than it is read never makes its reader wait, and nobody
    else would run. A turn is common to all: with one of its own, each of 64 such peers would keep
    others waiting for the other 63.
    """

    __slots__ = ("_alone", "_ended_at", "_is_pausing", "_lock", "_queue", "_worked")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alone = threading.Lock()
        self._worked = 0.0
        self._ended_at = 0.0
        # Whether somebody lets others run, and who waits for that, in the order in which they came.
        self._is_pausing = False
        self._queue: deque[threading.Event] = deque()

    def begin(self) -> float:
        """Begin some work, after a pause if it is due; return the time."""
        now = clock.monotonic()
        if now - self._ended_at > GAP_SECONDS:
            self._worked = 0.0
        elif self._worked > TURN_SECONDS:
            self._pause()
            now = clock.monotonic()
        return now

    def end(self, began: float) -> None:
        """End the work that was begun at *began*."""
        self._ended_at = now = clock.monotonic()
        self._worked += now - began

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Do a long piece of work within this, of which one is done at a time.

        Nothing within may wait for anything.
        """
        # Before the lock: gevent gives a lock that is let go of, and wanted again at once, to no
        # other.
        began = self.begin()
        with self._alone:
            try:
                yield
            finally:
                self.end(began)

    def _pause(self) -> None:
        """Let others run, or wait while somebody else does; those who come go on one by one.

        All who are due would else go on together behind one pause. It is no lock, since one that
        is wanted again at once is not given to those who wait, under gevent.
        """
        self._wait_in_line()
        try:
            if self._worked > TURN_SECONDS:
                let_others_run()
                self._worked = 0.0
        finally:
            self._call_next()

    def _wait_in_line(self) -> None:
        with self._lock:
            if not self._is_pausing:
                self._is_pausing = True
                return
            event = threading.Event()
            self._queue.append(event)
        event.wait()

    def _call_next(self) -> None:
        with self._lock:
            event = self._queue.popleft() if self._queue else None
            self._is_pausing = event is not None
        if event is not None:
            event.set()
