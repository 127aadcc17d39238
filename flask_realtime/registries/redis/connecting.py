"""Connects to Redis within a deadline, however long the name service takes."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ...threads.background import BackgroundThread
from .address import RedisAddress
from .connection import ConnectionLost, Deadline, RedisConnection


class Connecting:
    """Connects on a thread of its own, because no timeout bounds ``getaddrinfo``.

    If the name server does not answer, that call takes 10 to 20 s. The caller waits until its own
    deadline; the attempt goes on, and its connection is given back later.

    :param give_back: is called when an attempt ends for which nobody waits any more, with the
        connection, or None if it failed.
    """

    def __init__(
        self, address: RedisAddress, give_back: Callable[[RedisConnection | None], None]
    ) -> None:
        self._address = address
        self._give_back = give_back
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._is_abandoned = False
        self._connection: RedisConnection | None = None
        self._failure: BaseException | None = None

    def run(self, deadline: Deadline) -> RedisConnection:
        """Return a new connection.

        :raises ConnectionLost: if there is none before *deadline*.
        """
        thread = BackgroundThread("realtime-redis-connecting", lambda: self._connect(deadline))
        try:
            thread.start()
        except RuntimeError:
            # There is no thread: the process is at its limit, or it ends and runs its atexit
            # functions. Then this thread waits for the name service, as long as it takes.
            self._connect(deadline)
        except BaseException:
            self._give_back(None)
            raise
        try:
            self._is_over.wait(deadline.remaining())
        except BaseException:
            # The place in the pool must not be lost if this greenlet is killed while it waits.
            if self._abandon():
                self._give_back(self._connection)
            raise
        if not self._abandon():
            raise ConnectionLost(f"not connected within {deadline.seconds:g} s", is_late=True)
        if self._connection is None:
            self._give_back(None)
            assert self._failure is not None
            raise self._failure
        return self._connection

    def _abandon(self) -> bool:
        """Have a late connection given back; return True if the attempt is over already."""
        with self._lock:
            self._is_abandoned = True
            return self._is_over.is_set()

    def _connect(self, deadline: Deadline) -> None:
        connection, failure = None, None
        try:
            connection = RedisConnection(self._address, deadline)
        except BaseException as error:
            failure = error
        with self._lock:
            self._connection, self._failure = connection, failure
            self._is_over.set()
            is_abandoned = self._is_abandoned
        if is_abandoned:
            self._give_back(connection)
