"""Waits for events, with one deadline for all tests."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

Result = TypeVar("Result")

#: Seconds that a test waits for any event. Fewer where the event is known not to come: see
#: tests/faults/mutations.py.
DEADLINE = float(os.environ.get("TEST_DEADLINE_SECONDS", "60"))
# Between two looks: who has waited for long looks less often, since a look may be a request.
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.01, 0.1


def eventually(is_so: Callable[[], Result], explain: Callable[[], object] = lambda: "") -> Result:
    """Call *is_so* again and again until it returns something true.

    :param explain: returns what the error shall add; called when the deadline is over.
    :returns: the first result that is true.
    :raises AssertionError: if there is none within :data:`DEADLINE`.
    """
    pause = threading.Event()
    for seconds in _until_deadline(explain):
        if result := is_so():
            return result
        pause.wait(seconds)
    raise AssertionError("unreachable")


async def eventually_in_loop(
    is_so: Callable[[], Result], explain: Callable[[], object] = lambda: ""
) -> Result:
    """Call *is_so* as :func:`eventually` does, and let the event loop run other tasks in
    between."""
    for seconds in _until_deadline(explain):
        if result := is_so():
            return result
        await asyncio.sleep(seconds)
    raise AssertionError("unreachable")


def _until_deadline(explain: Callable[[], object]) -> Iterator[float]:
    """Yield how long to pause before each further look."""
    began = now = time.monotonic()
    while now < began + DEADLINE:
        yield min(max((now - began) / 5, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
        now = time.monotonic()
    raise AssertionError(f"Not so within {DEADLINE:.0f} s. {explain()}")
