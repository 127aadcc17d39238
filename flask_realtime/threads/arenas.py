"""Memory that the C library keeps for each thread, though nobody uses it any more."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache


def give_back_memory() -> None:
    """Give memory that nobody uses back to the system; takes about a millisecond.

    glibc has up to eight arenas a core, and keeps several MB in each of them once a thread has
    freed blocks of that size. Does nothing where the C library is another one.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    # Takes longer to import than ten modules of this package, and most apps need it for nothing.
    import ctypes

    try:
        trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except OSError:
        return None
    return trim
