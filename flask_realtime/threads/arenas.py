"""Memory that the C library keeps for each thread, though nobody uses it any more."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

from . import clock

# The part of the time that giving back may take. It takes 1 ms in a small process, and 50 ms where
# an app holds 300 MB of small objects with gaps between them; under gevent nobody runs meanwhile.
SHARE_OF_TIME = 0.05


class FreeMemory:
    """Memory that nobody uses, which can be given back to the system."""

    def __init__(self) -> None:
        self._not_before = -math.inf

    def give_back(self) -> None:
        """Give it back, unless giving back has taken more than ``SHARE_OF_TIME`` of late.

        glibc has up to eight arenas a core, and keeps several MB in each of them once a thread has
        freed blocks of that size. Does nothing where the C library is another one.
        """
        trim = _trim()
        if trim is None or clock.monotonic() < self._not_before:
            return
        worked = clock.worked()
        trim(0)
        # Not the time that has passed, in which a thread also waits for others.
        worked = clock.worked() - worked
        self._not_before = clock.monotonic() + worked / SHARE_OF_TIME


@cache
def _trim() -> Callable[[int], int] | None:
    # Takes longer to import than ten modules of this package, and most apps need it for nothing.
    import ctypes

    try:
        trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except OSError:
        return None
    return trim
