"""The time: the only module of the package that reads the clock.

Call these functions through the module (``clock.monotonic()``), so that a test can move the time
for all of the package at once.
"""

from __future__ import annotations

import time

#: Returns seconds since an arbitrary start, which never go back: for deadlines and ages. Python's
#: own function, since every request asks, and a handshake twenty times.
monotonic = time.monotonic


def now() -> float:
    """Return seconds since 1970 by the machine's clock, which an administrator may set."""
    return time.time()


def worked() -> float:
    """Return the seconds that the calling thread has worked: without those in which it waited.

    Greenlets count as one thread.
    """
    return time.thread_time()
