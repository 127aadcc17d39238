"""Finds peers that are gone, by one thread for all sockets of the process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from ..errors import CloseCode
from ..identity.keys import shorten
from ..threads import clock
from ..threads.pause import let_others_run
from ..threads.periodic import Periodic
from .connection import Connection

logger = logging.getLogger(__name__)

# How often the deadlines of sockets are looked at; none of them has to be kept to the second.
TICK_SECONDS = 0.5
# How many sockets are looked at between two pauses; under gevent nobody else runs meanwhile.
CHECKS_AT_ONCE = 1000


class Heartbeat:
    """Pings sockets that are silent, and ends those that stay silent or miss a deadline.

    Its thread waits for no network, since that would make it enforce deadlines late.

    :param connections: returns all sockets that live now, closing ones too.
    :param interval: seconds of silence after which a peer is pinged; after two it is cut.
    """

    def __init__(self, connections: Callable[[], Iterable[Connection]], interval: float) -> None:
        self._connections = connections
        self._interval = interval
        self._thread = Periodic("realtime-heartbeat", [(TICK_SECONDS, self._beat)])

    def start(self) -> None:
        """Begin with the first connection; later calls do nothing.

        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def _beat(self) -> None:
        now = clock.monotonic()
        for index, connection in enumerate(self._connections(), 1):
            try:
                self._check(connection, now)
            except Exception:
                # Caught here, so that the sockets behind this one in the list are looked at.
                logger.exception("Socket %s can't be checked.", shorten(connection.digest))
            if index % CHECKS_AT_ONCE == 0:
                let_others_run()

    def _check(self, connection: Connection, now: float) -> None:
        if connection.close_by is not None:
            if now > connection.close_by:
                connection.cut()
        elif connection.resume_by is not None and now > connection.resume_by:
            connection.close(CloseCode.POLICY_VIOLATION, "The promised 'resume' did not come.")
        elif connection.is_open and connection.reading.is_active:
            self._check_life(connection, now - connection.reading.last_heard, now)

    def _check_life(self, connection: Connection, silent: float, now: float) -> None:
        if silent > 2 * self._interval:
            logger.info(
                "Socket %s sent nothing for %.0f s; ending it.", shorten(connection.digest), silent
            )
            connection.cut()
        elif silent > self._interval and now - connection.last_pinged > self._interval:
            connection.ping()
