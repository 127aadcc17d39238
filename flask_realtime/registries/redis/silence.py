"""Bounds how many callers wait for a Redis that does not answer any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...threads import clock
from ...threads.fork import ForkLocal
from .connection import ConnectionLost, Deadline

# A server with threads has one for each caller, and answers nobody when all of them wait. While
# some wait, a Redis that comes back is noticed, and calls made shortly before are answered.
MOST_WAITING = 32


class Silence:
    """Knows whether Redis is silent: calls have waited in vain, and none was answered since.

    While it is, only a few calls wait; all others fail at once.

    :param timeout_seconds: after how long without an answer Redis counts as silent.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._is_silent = False
        # When the first call began that was not answered, since one was.
        self._since: float | None = None
        self._callers: ForkLocal[set[object]] = ForkLocal(set)

    @contextmanager
    def watch(self, deadline: Deadline) -> Iterator[None]:
        """Make one call within the block.

        :raises ConnectionLost: if Redis is silent, and enough calls wait for it already.
        """
        callers, caller, began = self._callers.get(), object(), clock.monotonic()
        # Callers from before the silence was noticed do not count: they wait no longer than others.
        if self._is_silent:
            if len(callers) >= MOST_WAITING:
                reason = f"silent for {self._timeout_seconds:g} s, and enough calls wait for it"
                raise ConnectionLost(reason, is_late=True)
            callers.add(caller)
        try:
            yield
            self._is_silent, self._since = False, None
        except ConnectionLost:
            # A Redis that refuses connections fails sooner, and a caller with less patience proves
            # nothing. An attempt to connect gives up at half of the time.
            if deadline.is_half_over and deadline.seconds >= self._timeout_seconds:
                self._since = began if self._since is None else min(began, self._since)
                self._is_silent = clock.monotonic() - self._since >= 0.95 * self._timeout_seconds
            raise
        finally:
            callers.discard(caller)
