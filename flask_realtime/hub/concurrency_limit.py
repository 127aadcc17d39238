"""How many requests for blocks of one view are answered at one time."""

from __future__ import annotations

from collections import deque

# How many are answered at one time in any case, however long they take.
RENDERED_AT_ONCE = 2
# How many are answered at one time at the most, even if more would make none of them slower.
MOST_AT_ONCE = 64
# A request that takes so many times as long as usual is held up by those beside it.
HELD_UP = 1.25
# How many of the latest requests count for what is usual.
MEASUREMENTS = 15


class ConcurrencyLimit:
    """How many requests for blocks of one view are answered at a time.

    The limit rises as long as the requests hold up one another no more than a few did. A view that
    waits for a database or another service answers many in the time of one. A view that computes
    takes twice as long for each if two run at a time, and so does one that needs more connections
    than its database allows.
    """

    __slots__ = ("_size", "_usual")

    def __init__(self) -> None:
        self._size: float = RENDERED_AT_ONCE
        # How many seconds requests took while no more than RENDERED_AT_ONCE had a turn.
        self._usual: deque[float] = deque(maxlen=MEASUREMENTS)

    @property
    def at_once(self) -> int:
        """How many requests are answered at one time."""
        return int(self._size)

    def note(self, seconds: float, crowd: int, is_wanted: bool) -> None:
        """Note what one request took, and raise or lower the limit by a part of one.

        After as many requests as the limit allows, it has changed by one.

        :param seconds: from when it had its turn to when it was answered.
        :param crowd: how many had their turns when it had its own, itself included.
        :param is_wanted: whether others wait for a turn, or got none meanwhile.
        """
        if crowd <= RENDERED_AT_ONCE:
            self._usual.append(seconds)
        usual = sorted(self._usual)[(len(self._usual) - 1) // 2] if self._usual else seconds
        step = 1 / self._size if is_wanted and seconds <= HELD_UP * usual else -1 / self._size
        self._size = min(max(self._size + step, RENDERED_AT_ONCE), MOST_AT_ONCE)
