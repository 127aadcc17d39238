"""Makes many objects without the garbage collector running meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_garbage_collector() -> Iterator[None]:
    """Keep the garbage collector off during a ``with`` block, which must be short.

    For blocks that make many objects of which none is garbage. Up to Python 3.11 the collector runs
    after every 700 new lists and dicts, and again and again it looks through all objects of the
    process. A collector that the app has turned off stays off.
    """
    # Blocks on several threads need no lock: the worst is that the collector runs during one.
    was_on = gc.isenabled()
    try:
        if was_on:
            gc.disable()
        yield
    finally:
        if was_on:
            gc.enable()
