"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random

FIRST_SECONDS = 0.05
LONGEST_SECONDS = 3.0


class Backoff:
    """Pauses that double, with a random part: many processes may have lost the same server."""

    def __init__(self) -> None:
        self._seconds = FIRST_SECONDS

    def reset(self) -> None:
        """Begin again with a short pause."""
        self._seconds = FIRST_SECONDS

    def next_seconds(self) -> float:
        """Return the next pause, in seconds."""
        seconds = self._seconds
        self._seconds = min(seconds * 2, LONGEST_SECONDS)
        return seconds * (0.5 + random.random())
