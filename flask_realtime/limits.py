"""Rates and counts."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable


class TokenBucket:
    __slots__ = ("_rate", "_burst", "_tokens", "_at", "refused_in_a_row", "_clock")

    def __init__(self, rate: float | None, burst_seconds: float = 5, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = (rate or 0) * burst_seconds
        self._tokens = self._burst
        self._clock = clock
        self._at = clock()
        self.refused_in_a_row = 0

    def take(self) -> bool:
        if self._rate is None:
            return True
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            self.refused_in_a_row += 1
            return False
        self._tokens -= 1
        self.refused_in_a_row = 0
        return True

    @property
    def is_exhausted(self) -> bool:
        return self.refused_in_a_row >= self._burst


class ConnectionCount:
    def __init__(self, maximum: int | None, maximum_per_session: int) -> None:
        self._maximum = maximum
        self._per = maximum_per_session
        self._count = 0
        self._sessions: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, session: str) -> tuple[int, str] | None:
        with self._lock:
            if self._maximum is not None and self._count >= self._maximum:
                return 503, "full"
            if self._sessions[session] >= self._per:
                return 429, "full session"
            self._count += 1
            self._sessions[session] += 1
            return None

    def leave(self, session: str) -> None:
        with self._lock:
            self._count -= 1
            self._sessions[session] -= 1
            if not self._sessions[session]:
                del self._sessions[session]
