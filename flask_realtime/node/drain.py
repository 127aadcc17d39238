"""Closes all sockets of this process when the process stops."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from ..connection.connection import Connection
from ..errors import CloseCode
from ..identity.keys import shorten
from ..threads import clock
from ..threads.background import BackgroundThread

logger = logging.getLogger(__name__)

# How often the server is asked whether it stops.
POLL_SECONDS = 0.25
# How long a client may take to answer the close frame (1012) before its fd is shut down.
LAST_SECONDS = 1.0
# How long before the server kills the process handlers are waited for no more.
SPARE_SECONDS = 1.0
# Which part of the time until then the spread may take, and which part each of the two above.
SPREAD_SHARE = 0.5
END_SHARE = 0.25
GOODBYE = "The server stops; reconnect."


class Drain:
    """Watches for the server to stop; then closes every socket with 1012: come back.

    :param connections: returns all sockets that live now.
    :param spread: seconds over which the sockets are told, so that they do not all come back at
        once; less where *patience* is short.
    :param patience: seconds from the stop until the server kills the process, where no server
        tells.
    """

    def __init__(
        self,
        connections: Callable[[], Iterable[Connection]],
        spread: float,
        patience: float,
    ) -> None:
        self._connections = connections
        self._usual_spread = spread
        self._is_stopping: Callable[[], bool] | None = None
        self._fit(patience)
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._is_closed = threading.Event()
        self._watcher = BackgroundThread("realtime-drain", self._watch)
        #: Whether the sockets are being told, or have been.
        self.is_draining = False

    def watch(self, is_stopping: Callable[[], bool], patience: float) -> None:
        """Begin to watch the server, with the first handshake; later calls do nothing.

        :param is_stopping: asks the server whether it stops.
        :param patience: seconds from the stop until the server kills the process.
        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        self._is_stopping = is_stopping
        self._fit(patience)
        self._watcher.start()

    def close(self) -> None:
        """Watch the server no more."""
        self._is_closed.set()
        self._watcher.join()

    def run(self, seconds: float | None = None) -> None:
        """Close all sockets; return when they have ended, or the time for that is over.

        A second call waits until the first one is done.

        :param seconds: over how many seconds the closing is spread; None: as long as usual.
        """
        with self._lock:
            is_first = not self.is_draining
            self.is_draining = True
        if not is_first:
            self._is_over.wait()
            return
        try:
            self._run(self._spread if seconds is None else seconds)
        finally:
            self._is_over.set()

    def _fit(self, patience: float) -> None:
        # The stop may be seen one poll late.
        self._patience = max(0.0, patience - POLL_SECONDS)
        self._spread = min(self._usual_spread, self._patience * SPREAD_SHARE)
        self._last = min(LAST_SECONDS, self._patience * END_SHARE)

    def _run(self, spread: float) -> None:
        connections = list(self._connections())
        logger.info("Draining %d sockets over %.1f s.", len(connections), spread)
        spare = min(SPARE_SECONDS, self._patience * END_SHARE)
        deadline = clock.monotonic() + max(self._patience - spare, spread + self._last)
        self._tell(connections, spread)
        self._await(connections, deadline)

    def _watch(self) -> None:
        assert self._is_stopping is not None
        while not self._is_stopping():
            if self._is_closed.wait(POLL_SECONDS):
                return
        self.run()

    def _tell(self, connections: list[Connection], spread: float) -> None:
        start = clock.monotonic()
        for index, connection in enumerate(connections):
            due = start + spread * index / len(connections)
            pause = due - clock.monotonic()
            if pause > 0:
                time.sleep(pause)
            try:
                connection.close_behind_work(CloseCode.SERVICE_RESTART, GOODBYE, self._last)
            except Exception:
                # _await() closes it with those that are late.
                logger.exception(
                    "Socket %s can't be closed behind its work; closing it later.",
                    shorten(connection.digest),
                )

    def _await(self, connections: list[Connection], deadline: float) -> None:
        # A handler that still runs keeps its socket's good-bye behind it.
        left = [one for one in connections if one.is_open]
        while left and clock.monotonic() < deadline:
            time.sleep(0.05)
            left = [one for one in left if one.is_open]
        for connection in connections:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        try:
            connection.close(CloseCode.SERVICE_RESTART, GOODBYE, self._last)
        except Exception:
            logger.exception("Socket %s can't be closed.", shorten(connection.digest))
