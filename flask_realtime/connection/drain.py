"""Closes all sockets when the process stops."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from ..errors import CloseCode
from ..threads import clock
from ..threads.background import BackgroundThread
from .connection import Connection

logger = logging.getLogger(__name__)

# How often the server is asked whether it stops.
POLL_SECONDS = 0.25
# How long after its 1012 a client may go on before its fd is shut down.
LAST_SECONDS = 1.0


class Drain:
    """Watches for the server to stop, then tells every socket to come back (1012).

    :param connections: all that live now.
    :param is_stopping: asks the server; None where it can't be asked.
    :param patience: seconds that handlers still running may take.
    """

    def __init__(
        self,
        connections: Callable[[], Iterable[Connection]],
        is_stopping: Callable[[], bool] | None,
        spread: float,
        patience: float,
    ) -> None:
        self._connections = connections
        self._is_stopping = is_stopping
        self._spread = spread
        self._patience = patience
        self._lock = threading.Lock()
        self._watcher = BackgroundThread("realtime-drain", self._watch)
        self.is_draining = False

    def watch(self) -> None:
        """Begin to watch, with the first handshake; later calls do nothing."""
        if self._is_stopping is not None:
            self._watcher.start()

    def run(self, seconds: float | None = None) -> None:
        """Close all sockets, spread over *seconds*; returns when they have ended."""
        with self._lock:
            if self.is_draining:
                return
            self.is_draining = True
        spread = self._spread if seconds is None else seconds
        connections = list(self._connections())
        logger.info("Draining %d sockets over %.1f s.", len(connections), spread)
        deadline = clock.monotonic() + max(self._patience, spread + LAST_SECONDS)
        self._tell(connections, spread)
        self._await(connections, deadline)

    def _watch(self) -> None:
        assert self._is_stopping is not None
        while not self._is_stopping():
            time.sleep(POLL_SECONDS)
        self.run()

    def _tell(self, connections: list[Connection], spread: float) -> None:
        start = clock.monotonic()
        for index, connection in enumerate(connections):
            due = start + spread * index / len(connections)
            pause = due - clock.monotonic()
            if pause > 0:
                time.sleep(pause)
            connection.is_retiring = True
            connection.worker.submit(_goodbye(connection))

    def _await(self, connections: list[Connection], deadline: float) -> None:
        # A handler that still runs keeps its socket's good-bye behind it.
        left = [one for one in connections if one.is_open]
        while left and clock.monotonic() < deadline:
            time.sleep(0.05)
            left = [one for one in left if one.is_open]
        for connection in left:
            connection.close(CloseCode.SERVICE_RESTART, "The server stops; come back.")
        for connection in connections:
            if connection.close_by is not None:
                connection.close_by = min(connection.close_by, clock.monotonic() + LAST_SECONDS)


def _goodbye(connection: Connection) -> Callable[[], None]:
    def close() -> None:
        connection.close(CloseCode.SERVICE_RESTART, "The server stops; come back.")
        if connection.close_by is not None:
            connection.close_by = clock.monotonic() + LAST_SECONDS

    return close
