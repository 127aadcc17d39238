"""Makes many objects without the garbage collector running meanwhile."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_is_kept_off = False


@contextmanager
def without_garbage_collector() -> Iterator[None]:
    """Keep the garbage collector off during a ``with`` block, which must be short.

    For blocks that make many objects of which none is garbage. Up to Python 3.11 the collector runs
    after every 700 new lists and dicts, and again and again it looks through all objects of the
    process. A collector that the app has turned off stays off.
    """
    global _is_kept_off
    # Blocks on several threads need no lock: the worst is that the collector runs during one.
    was_on = gc.isenabled()
    try:
        if was_on:
            _is_kept_off = True
            gc.disable()
        yield
    finally:
        if was_on:
            gc.enable()
            _is_kept_off = False


def _turn_on_in_child() -> None:
    """Turn the collector on in a process that was forked off while a block ran on another thread,
    which the new process does not have."""
    global _is_kept_off
    if _is_kept_off:
        _is_kept_off = False
        gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_turn_on_in_child)
