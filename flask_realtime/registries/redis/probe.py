"""Checks that what is published in Redis still arrives in this process."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...threads import clock
from ...threads.background import BackgroundThread
from .connection import ConnectionLost, Deadline
from .pool import RedisPool
from .resp import ErrorReply
from .server_time import TIME, ServerTime

logger = logging.getLogger(__name__)

# Seconds between two probes. A firewall that has forgotten a connection, or a master that was
# replaced, is noticed within this time and the timeout of a call; the logs have what was missed.
PROBE_SECONDS = 5.0
# How many probes one connection is used for. A name or an address may lead to another Redis by now,
# as after a failover, while the former one still answers those who are connected.
PROBES_OF_A_CONNECTION = 12
# Seconds until the next probe if one could not be published.
RETRY_SECONDS = 1.0

MARK = b"?"
# For how many seconds a caller waits until this process has heard what was published before.
MARK_SECONDS = 1.0


class Mark:
    """Published behind other things; once it has come, this process has heard these.

    It also counts as come once the connection is lost over which it would come.

    :param data: what is published; empty for a process that hears nothing, and does not wait.
    """

    __slots__ = ("data", "has_come", "is_late")

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.has_come = threading.Event()
        self.is_late = False

    def wait(self, deadline: Deadline) -> None:
        """Wait until it has come, ``MARK_SECONDS`` at the most, and not beyond *deadline*."""
        if self.data:
            seconds = max(0.0, min(MARK_SECONDS, deadline.left_ms / 1000))
            self.is_late = not self.has_come.wait(seconds)


class RedisProbe:
    """Publishes to this process's own name, over another connection than the listener's.

    :param pool: a pool that nobody else uses.
    :param name: the name under which this process hears what is for it.
    :param time: is told the time of Redis, which comes with each probe.
    :param done: is called after each probe with True if it has arrived, False if not, and None if
        it could not be published, which proves nothing.
    """

    def __init__(
        self,
        pool: RedisPool,
        name: bytes,
        time: ServerTime,
        done: Callable[[bool | None], None],
    ) -> None:
        self._pool = pool
        self._name = name
        self._time = time
        self._done = done
        self._under_way: dict[bytes, threading.Event] = {}
        self._marks: dict[bytes, threading.Event] = {}
        self._count = 0
        self._is_late = False
        self._bell = threading.Event()
        self._is_closed = False
        self._thread = BackgroundThread("realtime-redis-probe", self._run)
        #: How many seconds the last probe took; None before the first.
        self.lag_seconds: float | None = None

    def start(self) -> None:
        """Probe every few seconds from now on; later calls do nothing."""
        self._thread.start()

    def close(self) -> None:
        """Stop probing."""
        self._is_closed = True
        self._bell.set()
        self._pool.close()
        self._thread.join()

    def hurry(self) -> None:
        """Probe at once, because something looks as if nothing arrived."""
        self._bell.set()

    def arrived(self, data: bytes) -> bool:
        """Take *data*, heard under this process's name; return False if it is no probe."""
        if not data.startswith(MARK):
            return False
        self._is_late = False
        event = self._under_way.get(data) or self._marks.get(data)
        if event is not None:
            event.set()
        return True

    @contextmanager
    def mark(self) -> Iterator[Mark]:
        """Return a mark that somebody is about to publish to this process.

        Once a mark was late, marks are empty until something arrives: else thousands of callers
        would wait, one after the other.
        """
        if self._is_late:
            yield Mark()
            return
        mark = Mark(MARK + secrets.token_hex(6).encode())
        self._marks[mark.data] = mark.has_come
        try:
            yield mark
        finally:
            del self._marks[mark.data]
            if mark.is_late:
                self._is_late = True

    def give_up_marks(self) -> None:
        """Have nobody wait any more for what was published until now: it does not come, since the
        connection is lost over which this process hears. What comes over the next one is not late.
        """
        for has_come in list(self._marks.values()):
            has_come.set()
        self._is_late = False

    def once(self) -> bool:
        """Publish one probe and wait for it.

        :returns: whether it arrived in time.
        :raises ConnectionLost: if it could not be published.
        """
        data = MARK + secrets.token_hex(6).encode()
        event = self._under_way[data] = threading.Event()
        began = clock.monotonic()
        self._count += 1
        if self._count % PROBES_OF_A_CONNECTION == 0:
            self._pool.generations.begin()
        try:
            deadline = self._pool.deadline()
            reply, time = self._pool.run([("PUBLISH", self._name, data), TIME], deadline)
            if type(reply) is ErrorReply:
                raise ConnectionLost(str(reply))
            if type(time) is not ErrorReply:
                self._time.note(began, [time])
            if event.wait(deadline.remaining()):
                self.lag_seconds = clock.monotonic() - began
                return True
            return False
        finally:
            del self._under_way[data]

    def _run(self) -> None:
        has_arrived: bool | None = True
        while True:
            self._bell.wait(RETRY_SECONDS if has_arrived is None else PROBE_SECONDS)
            self._bell.clear()
            if self._is_closed:
                return
            try:
                has_arrived = self.once()
            except ConnectionLost:
                has_arrived = None
            except Exception:
                logger.exception("Probing %s failed.", self._pool.address)
                continue
            if not self._is_closed:
                self._done(has_arrived)
