"""Rates and counts: how much one client may ask of this process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

# What a client may send at once after a pause, in seconds' worth of its rate.
BURST_SECONDS = 5.0


class TokenBucket:
    """How many messages a socket may send: so many a second, and a burst after a pause.

    Messages that are refused fill a second bucket, which runs out at the same rate: a little too
    much is refused for as long as it lasts, far too much fills it.

    :param rate: messages a second; None: no limit.
    """

    __slots__ = ("_at", "_burst", "_clock", "_rate", "_refused", "_tokens")

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = max(1.0, (rate or 0) * BURST_SECONDS)
        self._tokens = self._burst
        self._refused = 0.0
        self._clock = clock
        self._at = clock()

    def take(self) -> bool:
        """Whether one more message may be handled now."""
        if self._rate is None:
            return True
        now = self._clock()
        gained = (now - self._at) * self._rate
        self._at = now
        self._refused = max(0.0, self._refused - gained)
        self._tokens = min(self._burst, self._tokens + gained)
        if self._tokens < 1:
            self._refused += 1
            return False
        self._tokens -= 1
        return True

    @property
    def is_exhausted(self) -> bool:
        """Whether a whole burst was refused on top of the one that was allowed."""
        return self._refused >= self._burst


class ConnectionCount:
    """How many sockets this process holds, in all and of each browser session.

    :param maximum: in all; None: no limit.
    """

    def __init__(self, maximum: int | None, maximum_per_session: int) -> None:
        self._maximum = maximum
        self._maximum_per_session = maximum_per_session
        self._count = 0
        self._by_session: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, session: str) -> tuple[int, str] | None:
        """Count one more, or refuse it with a status and the reason."""
        with self._lock:
            if self._maximum is not None and self._count >= self._maximum:
                return 503, (
                    f"This process holds {self._count} sockets, as many as it may "
                    f"(REALTIME_MAX_CONNECTIONS, or what its server leaves room for)."
                )
            if self._by_session[session] >= self._maximum_per_session:
                return 429, (
                    f"This session has {self._maximum_per_session} sockets open, as many as it "
                    f"may (REALTIME_MAX_CONNECTIONS_PER_SESSION)."
                )
            self._count += 1
            self._by_session[session] += 1
            return None

    def leave(self, session: str) -> None:
        """Count one less."""
        with self._lock:
            self._count -= 1
            self._by_session[session] -= 1
            if self._by_session[session] <= 0:
                del self._by_session[session]
