"""Tells connections that may lead nowhere any more from those that were made since."""

from __future__ import annotations

import math

from ...threads import clock

# Seconds between two times that a refusal by a read-only Redis has all connections made anew. It
# may stay read-only for minutes, and each call would connect.
RENEWAL_SECONDS = 0.5


class Generations:
    """Counts the generations of one pool's connections.

    Connections of an earlier generation are closed when they are given back.
    """

    __slots__ = ("_renewed_at", "present")

    def __init__(self) -> None:
        #: The number of the present generation.
        self.present = 0
        # When a refusal by a read-only Redis last began one.
        self._renewed_at = -math.inf

    def begin(self) -> None:
        """Begin another generation: what broke one connection has probably broken all."""
        self.present += 1

    def renew(self, seen: int) -> bool:
        """Begin another generation, because a connection seems to lead to a former master.

        :param seen: the generation before the call that Redis has refused.
        :returns: whether the call is worth another attempt; False if the connection was made a
            moment ago for the same reason.
        """
        now = clock.monotonic()
        if self.present == seen:
            if now < self._renewed_at + RENEWAL_SECONDS:
                return False
            self._renewed_at = now
            self.begin()
        return True
