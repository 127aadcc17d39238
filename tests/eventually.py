"""How tests wait: for an event, with a deadline that no machine needs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

Result = TypeVar("Result")

#: Seconds that a test waits for anything. What comes is there at once; only what never comes takes
#: this long, and so does what a machine with much other load is slow to do.
DEADLINE = 60.0
PAUSE_SECONDS = 0.01


def eventually(is_so: Callable[[], Result], explain: Callable[[], object] = lambda: "") -> Result:
    """Call *is_so* again and again until its result is true.

    :param explain: what an error says beside the time; called when the deadline is over.
    :returns: the first result that is true.
    :raises AssertionError: if there is none within :data:`DEADLINE`.
    """
    pause = threading.Event()
    for _ in _until_deadline(explain):
        if result := is_so():
            return result
        pause.wait(PAUSE_SECONDS)
    raise AssertionError("unreachable")


async def eventually_in_loop(
    is_so: Callable[[], Result], explain: Callable[[], object] = lambda: ""
) -> Result:
    """Wait as :func:`eventually` does, while the event loop runs other tasks."""
    for _ in _until_deadline(explain):
        if result := is_so():
            return result
        await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError("unreachable")


def _until_deadline(explain: Callable[[], object]) -> Iterator[None]:
    began = time.monotonic()
    while time.monotonic() < began + DEADLINE:
        yield
    raise AssertionError(f"Not so within {DEADLINE:.0f} s. {explain()}")
