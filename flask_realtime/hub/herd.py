"""Spreads the requests of many pages that refresh a block at once (a thundering herd)."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict, deque

from ..threads import clock
from .concurrency_limit import MEASUREMENTS, RENDERED_AT_ONCE, ConcurrencyLimit
from .fair_turns import FairTurns

logger = logging.getLogger(__name__)

# What rendering a block is taken to cost, in seconds, until one was rendered here.
FIRST_COST_SECONDS = 0.05
# The highest cost that counts: a block that waited for a database that hung is no measure.
LARGEST_COST_SECONDS = 2.0
# The share of a core that refreshing may take.
SHARE_OF_CORE = 0.25
PATIENCE_SECONDS = 1.0
# A turn that nobody has given back for so long is lost: another function of the app failed before
# the one that gives it back was called.
LONGEST_TURN_SECONDS = 30.0
# No page waits if all of them cost less than this together, in seconds: nobody else would notice.
UNSPREAD_SECONDS = 0.1
# A spread longer than the first is logged as a warning; none is longer than the second.
LONG_SPREAD_SECONDS = 10.0
LONGEST_SPREAD_SECONDS = 60.0
MOST_WARNED = 1000


class Turn:
    """The right to render blocks of one view, which few requests have at a time.

    :ivar view: the endpoint of the view.
    :ivar began: when the turn began, a moment of :func:`.clock.monotonic`.
    :param given: when it was given to the request, which may have had to wait for its thread.
    :param crowd: how many requests for the view had a turn then, this one included.
    """

    __slots__ = ("began", "crowd", "given", "view")

    def __init__(self, view: str, given: float, crowd: int) -> None:
        self.view = view
        self.given = given
        self.crowd = crowd
        self.began = clock.monotonic()


class Herd:
    """Measures what requests for blocks cost in this process, limits and spreads them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Each view has its own, so that a slow view, or a flood of requests for one view, does not
        # hold up the others.
        self._turns_of: dict[str, FairTurns] = {}
        self._limits: dict[str, ConcurrencyLimit] = {}
        # For each view, when a request last got no turn. Where turns take long, nobody may wait,
        # and all requests that come meanwhile are refused.
        self._refused_at: dict[str, float] = {}
        # The turns that requests have, the earliest first.
        self._turns: dict[Turn, None] = {}
        # The latest count, by their median: a view that is slow, or a request that waited for a
        # database, changes it only where most blocks take as long.
        self._measured: deque[float] = deque(maxlen=MEASUREMENTS)
        self._warned: OrderedDict[str, None] = OrderedDict()

    def begin(self, view: str, visitor: str = "") -> Turn | None:
        """Wait up to a second for one of the turns of a view.

        :param view: the endpoint of the view that renders the blocks.
        :param visitor: who asks; a visitor's second request comes behind the first of any other.
        :returns: None if others still have the turns after that second; or at once, if the turns
            take so long, or so many are waiting, that the last in order would wait in vain. The
            last in order need not be the one that came last.
        """
        with self._lock:
            turns = self._turns_of.get(view)
            if turns is None:
                turns = self._turns_of[view] = FairTurns(RENDERED_AT_ONCE)
                self._limits[view] = ConcurrencyLimit()
            waiter = turns.ask(visitor)
            while not self._is_served_in_time(view, turns.place_of_last(waiter.line)):
                turns.turn_away_last(waiter.line)
        try:
            waiter.called.wait(PATIENCE_SECONDS)
        except BaseException:
            # A greenlet that was killed, for example, takes no turn.
            with self._lock:
                if turns.leave(waiter):
                    turns.give_back()
            raise
        with self._lock:
            if not (turns.leave(waiter) or self._take_back(view)):
                self._refused_at[view] = clock.monotonic()
                return None
            turn = Turn(view, waiter.began or clock.monotonic(), turns.in_use)
            self._turns[turn] = None
            return turn

    def end(self, turn: Turn, seconds: float | None) -> None:
        """Give a turn back; nothing happens if it was given or taken back already.

        :param seconds: how long the blocks took to render; None: none were rendered.
        """
        with self._lock:
            if self._turns.pop(turn, turn) is not None:
                return
            turns, limit = self._turns_of[turn.view], self._limits[turn.view]
            # A turn counts even if nothing was rendered: strangers may ask for blocks that no page
            # has.
            was_wanted = self._refused_at.get(turn.view, -math.inf) >= turn.given
            is_wanted = turns.has_waiters or was_wanted
            limit.note(clock.monotonic() - turn.given, turn.crowd, is_wanted)
            turns.resize(limit.at_once)
            turns.give_back()
            if seconds is not None:
                self._measured.append(min(seconds, LARGEST_COST_SECONDS))

    def _is_served_in_time(self, view: str, place: int) -> bool:
        """Return whether a request can expect a turn of *view* within a second.

        A request that waits may hold a thread of a server that has few.

        :param place: how many turns have to be free until the request has one.
        """
        ages = [clock.monotonic() - turn.began for turn in self._turns if turn.view == view]
        # The turns that others have will take no less than the latest of them has taken so far.
        seconds = max([self._cost(), *ages[-1:]])
        return place * seconds <= PATIENCE_SECONDS * self._limits[view].at_once

    def _take_back(self, view: str) -> bool:
        """Take a turn of *view* back that was never given back; return whether there was one."""
        for turn in self._turns:
            if turn.view == view and clock.monotonic() - turn.began >= LONGEST_TURN_SECONDS:
                del self._turns[turn]
                return True
        return False

    def spread(self, channel: str, listeners: int) -> int:
        """Return over how many milliseconds the listeners of a channel shall spread requests.

        The spread is 0 if they are so few that all of them may ask at once.

        :param listeners: how many listeners of the channel this process has.
        """
        with self._lock:
            cost = self._cost()
        seconds = max(0.0, listeners * cost - UNSPREAD_SECONDS) / SHARE_OF_CORE
        if seconds > LONG_SPREAD_SECONDS:
            self._warn(channel, listeners, cost, seconds)
        return round(1000 * min(seconds, LONGEST_SPREAD_SECONDS))

    def _cost(self) -> float:
        """Return how long rendering a block takes here, in seconds."""
        measured = sorted(self._measured)
        # One alone is no more than the cost before any: it compiled the template and connected to
        # the database. Of two the lower one counts.
        cost = measured[(len(measured) - 1) // 2] if measured else FIRST_COST_SECONDS
        return min(cost, FIRST_COST_SECONDS) if len(measured) == 1 else cost

    def _warn(self, channel: str, listeners: int, cost: float, seconds: float) -> None:
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
            1000 * cost,
            channel,
        )
