"""Looks whether what is published in Redis still arrives in this process."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable

from ...threads.background import BackgroundThread
from .connection import LinkLost
from .pool import RedisPool

logger = logging.getLogger(__name__)

# A firewall that has forgotten a connection, or a master that is none any more, is noticed within
# this and the timeout of a call; what was missed meanwhile is in the logs.
PROBE_SECONDS = 5.0

MARK = b"?"


class RedisProbe:
    """Publishes to this process's own name, on another connection than the one that listens.

    :param server: which nobody else uses.
    :param name: under which this process hears what is for it.
    :param done: called after each, with whether it has arrived.
    """

    def __init__(self, server: RedisPool, name: bytes, done: Callable[[bool], None]) -> None:
        self._server = server
        self._name = name
        self._done = done
        self._under_way: dict[bytes, threading.Event] = {}
        self._bell = threading.Event()
        self._is_closed = False
        self._thread = BackgroundThread("realtime-redis-probe", self._run)
        #: Seconds that the last probe took, None before the first.
        self.lag_seconds: float | None = None

    def start(self) -> None:
        """Probe again and again; later calls do nothing."""
        self._thread.start()

    def close(self) -> None:
        """Probe no more."""
        self._is_closed = True
        self._bell.set()
        self._server.close()

    def hurry(self) -> None:
        """Probe now, for something looks as if nothing arrived."""
        self._bell.set()

    def arrived(self, data: bytes) -> bool:
        """Whether *data*, heard under our name, was a probe."""
        if not data.startswith(MARK):
            return False
        event = self._under_way.get(data)
        if event is not None:
            event.set()
        return True

    def once(self) -> bool:
        """Publish one probe and wait for it.

        :returns: whether it arrived in time.
        :raises LinkLost: if it could not be published.
        """
        data = MARK + secrets.token_hex(6).encode()
        event = self._under_way[data] = threading.Event()
        began = time.monotonic()
        try:
            deadline = self._server.deadline()
            self._server.run([("PUBLISH", self._name, data)], deadline)
            if event.wait(deadline.remaining()):
                self.lag_seconds = time.monotonic() - began
                return True
            return False
        finally:
            del self._under_way[data]

    def _run(self) -> None:
        while True:
            self._bell.wait(PROBE_SECONDS)
            self._bell.clear()
            if self._is_closed:
                return
            try:
                has_arrived = self.once()
            except LinkLost:
                has_arrived = False
            except Exception:
                logger.exception("Probing %s failed.", self._server.address)
                continue
            if not self._is_closed:
                self._done(has_arrived)
