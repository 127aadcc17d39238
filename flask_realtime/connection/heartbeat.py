"""Finds peers that are gone: one for the process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from ..errors import CloseCode
from ..identity.keys import shorten
from ..threads import clock
from ..threads.background import BackgroundThread
from .connection import Connection

logger = logging.getLogger(__name__)

# How often deadlines are looked at; none of them is finer than a second.
TICK_SECONDS = 0.5


class Heartbeat:
    """Pings what is silent, ends what stays silent, and what does not answer a close frame.

    :param connections: all that live now, closing ones too.
    :param interval: seconds of silence after which a peer is pinged; after two it is closed.
    :param chores: functions with the seconds between two calls, done on the same thread.
    """

    def __init__(
        self,
        connections: Callable[[], Iterable[Connection]],
        interval: float,
        chores: Iterable[tuple[float, Callable[[], None]]],
    ) -> None:
        self._connections = connections
        self._interval = interval
        self._chores = [(every, chore) for every, chore in chores]
        self._due: list[float] = []
        self._stop = threading.Event()
        self._thread = BackgroundThread("realtime-heartbeat", self._run)

    def start(self) -> None:
        """Begin with the first connection; later calls do nothing."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()

    def _run(self) -> None:
        now = clock.monotonic()
        self._due = [now + every for every, _ in self._chores]
        while not self._stop.wait(TICK_SECONDS):
            try:
                self._beat(clock.monotonic())
            except Exception:
                logger.exception("The heartbeat failed; it goes on.")

    def _beat(self, now: float) -> None:
        for connection in self._connections():
            self._check(connection, now)
        for index, (every, chore) in enumerate(self._chores):
            if now >= self._due[index]:
                self._due[index] = now + every
                _do(chore)

    def _check(self, connection: Connection, now: float) -> None:
        if connection.close_by is not None:
            if now > connection.close_by:
                connection.cut()
        elif connection.resume_by is not None and now > connection.resume_by:
            connection.close(CloseCode.POLICY_VIOLATION, "The promised 'resume' did not come.")
        elif connection.is_open and connection.is_reading:
            self._check_life(connection, now - connection.last_heard, now)

    def _check_life(self, connection: Connection, silent: float, now: float) -> None:
        if silent > 2 * self._interval:
            logger.info(
                "Socket %s sent nothing for %.0f s; ending it.", shorten(connection.digest), silent
            )
            connection.cut()
        elif silent > self._interval and now - connection.last_pinged > self._interval:
            connection.ping()


def _do(chore: Callable[[], None]) -> None:
    try:
        chore()
    except ConnectionError as error:
        logger.warning("Not done, the registry is away: %s", error)
    except Exception:
        logger.exception("A chore of the heartbeat failed.")
