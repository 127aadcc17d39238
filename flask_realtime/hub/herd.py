"""Spreads the requests of many pages that refresh a block at once (a thundering herd)."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

logger = logging.getLogger(__name__)

# What rendering a block is taken to cost, in seconds, until one was rendered here.
FIRST_COST_SECONDS = 0.05
# The highest cost that counts: a block that waited for a database that hung is no measure.
LARGEST_COST_SECONDS = 2.0
# The weight of the newest measurement in the average.
NEWEST_SHARE = 0.2
# The share of a core that refreshing may take.
SHARE_OF_CORE = 0.25
RENDERED_AT_ONCE = 2
PATIENCE_SECONDS = 1.0
# No page waits if the spread would be shorter than this: nobody would notice.
SHORTEST_SPREAD_SECONDS = 0.1
# A spread longer than the first is logged as a warning; none is longer than the second.
LONG_SPREAD_SECONDS = 10.0
LONGEST_SPREAD_SECONDS = 60.0
MOST_WARNED = 1000


class Herd:
    """Measures what requests for blocks cost in this process, limits and spreads them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By view, so that a slow one, or a flood of requests for one, does not hold up the others.
        self._turns: dict[str, threading.BoundedSemaphore] = {}
        self._cost: float | None = None
        self._warned: OrderedDict[str, None] = OrderedDict()

    def begin(self, view: str) -> bool:
        """Wait up to a second for one of the two turns of a view.

        :param view: the endpoint of the view that renders the blocks.
        """
        with self._lock:
            turns = self._turns.get(view)
            if turns is None:
                turns = self._turns[view] = threading.BoundedSemaphore(RENDERED_AT_ONCE)
        return turns.acquire(timeout=PATIENCE_SECONDS)

    def end(self, view: str, seconds: float | None) -> None:
        """Give the turn back.

        :param seconds: how long the blocks took to render; None: none were rendered.
        """
        self._turns[view].release()
        if seconds is None:
            return
        measured = min(seconds, LARGEST_COST_SECONDS)
        with self._lock:
            known = measured if self._cost is None else self._cost
            self._cost = known + (measured - known) * NEWEST_SHARE

    def spread(self, channel: str, listeners: int) -> int:
        """Return over how many milliseconds the listeners of a channel shall spread requests.

        :param listeners: how many listeners of the channel this process has.
        """
        cost = self._cost
        seconds = listeners * (FIRST_COST_SECONDS if cost is None else cost) / SHARE_OF_CORE
        if seconds > LONG_SPREAD_SECONDS:
            self._warn(channel, listeners, seconds)
        seconds = min(seconds, LONGEST_SPREAD_SECONDS)
        return round(seconds * 1000) if seconds >= SHORTEST_SPREAD_SECONDS else 0

    def _warn(self, channel: str, listeners: int, seconds: float) -> None:
        with self._lock:
            if channel in self._warned:
                return
            self._warned[channel] = None
            if len(self._warned) > MOST_WARNED:
                self._warned.popitem(last=False)
        logger.warning(
            "A refresh of channel %r takes %.0f s: %d pages of this process render a block of "
            "%.0f ms each. A fragment, realtime.to(%r).update(…), is rendered once for all.",
            channel,
            seconds,
            listeners,
            1000 * seconds * SHARE_OF_CORE / listeners,
            channel,
        )
