"""Turns that visitors take one after the other: nobody's second before anybody else's first.

Visitors who had no turn of late, the newcomers, get every other turn at most while others wait:
strangers who come with ever new sessions are newcomers each time. Among the others nobody is
preferred for having waited longest since the last turn: strangers who use some hundred sessions in
turn would always come before a visitor who asks regularly.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from ..threads import clock

# How many visitors who had a turn are remembered. Any other visitor counts as a newcomer.
MOST_REMEMBERED = 1000


class Waiter:
    """One who waits for a turn.

    :ivar visitor: who it is.
    :ivar called: set once it has its turn, or is turned away.
    :ivar has_turn: whether it has its turn.
    :ivar began: when it was given its turn, a moment of :func:`.clock.monotonic`.
    """

    __slots__ = ("began", "called", "has_turn", "line", "visitor")

    def __init__(self, visitor: str, line: Line) -> None:
        self.visitor = visitor
        self.line = line
        self.has_turn = False
        self.began = 0.0
        self.called = threading.Event()


class Line:
    """Waiters in order: a visitor's second comes behind the first of each other visitor."""

    def __init__(self) -> None:
        self._by_visitor: dict[str, deque[Waiter]] = {}
        self.length = 0

    def add(self, waiter: Waiter) -> None:
        """Let *waiter* wait."""
        self._by_visitor.setdefault(waiter.visitor, deque()).append(waiter)
        self.length += 1

    def remove(self, waiter: Waiter) -> None:
        """Let *waiter* wait no longer; nothing happens if it does not."""
        waiting = self._by_visitor.get(waiter.visitor, ())
        if waiter in waiting:
            self._by_visitor[waiter.visitor].remove(waiter)
            self._forget_if_gone(waiter.visitor)

    def take_first(self) -> Waiter:
        """Take the first waiter off the line; its visitor comes behind all others from now on."""
        visitor = next(iter(self._by_visitor))
        waiting = self._by_visitor.pop(visitor)
        first = waiting.popleft()
        self._by_visitor[visitor] = waiting
        self._forget_if_gone(visitor)
        return first

    def take_last(self) -> Waiter:
        """Take the last waiter off the line."""
        by_visitor = self._by_visitor
        visitor = max(reversed(by_visitor), key=lambda one: len(by_visitor[one]))
        last = by_visitor[visitor].pop()
        self._forget_if_gone(visitor)
        return last

    def _forget_if_gone(self, visitor: str) -> None:
        self.length -= 1
        if not self._by_visitor[visitor]:
            del self._by_visitor[visitor]


class FairTurns:
    """So many turns at one time, which are given to waiters.

    All methods are to be called with one lock held, but a waiter waits without it.

    :param count: how many may have a turn at one time.
    """

    def __init__(self, count: int) -> None:
        self._count = self._free = count
        self._newcomers = Line()
        self._others = Line()
        # Whether the last turn went to a newcomer while another visitor waited.
        self._newcomer_was_last = False
        # Who had a turn, the latest at the end.
        self._served: OrderedDict[str, None] = OrderedDict()

    @property
    def in_use(self) -> int:
        """How many turns are given to somebody."""
        return self._count - self._free

    @property
    def has_waiters(self) -> bool:
        """Whether anybody waits."""
        return bool(self._newcomers.length or self._others.length)

    def resize(self, count: int) -> None:
        """Let *count* requests have a turn at one time from now on.

        If more have one already, they keep it until they give it back.
        """
        self._free += count - self._count
        self._count = count
        self._give()

    def ask(self, visitor: str) -> Waiter:
        """Return one who waits for a turn, and may have it already."""
        waiter = Waiter(visitor, self._others if visitor in self._served else self._newcomers)
        waiter.line.add(waiter)
        self._give()
        return waiter

    def place_of_last(self, line: Line) -> int:
        """Return how many turns have to be free until the last in *line* has one; 0: none waits."""
        other = self._others if line is self._newcomers else self._newcomers
        is_first = (line is self._newcomers) != self._newcomer_was_last
        return line.length + max(0, min(other.length, line.length - is_first))

    def turn_away_last(self, line: Line) -> None:
        """Have the last in *line* wait no longer."""
        line.take_last().called.set()

    def leave(self, waiter: Waiter) -> bool:
        """Let *waiter* wait no longer; return whether it has a turn."""
        waiter.line.remove(waiter)
        return waiter.has_turn

    def give_back(self) -> None:
        """Give one turn back."""
        self._free += 1
        self._give()

    def _give(self) -> None:
        while self._free > 0 and (line := self._next_line()).length:
            first = line.take_first()
            self._free -= 1
            self._served[first.visitor] = None
            self._served.move_to_end(first.visitor)
            if len(self._served) > MOST_REMEMBERED:
                self._served.popitem(last=False)
            first.has_turn = True
            first.began = clock.monotonic()
            first.called.set()

    def _next_line(self) -> Line:
        """Return the line whose first visitor comes next; the line is empty if nobody waits."""
        both_wait = bool(self._newcomers.length and self._others.length)
        self._newcomer_was_last = both_wait and not self._newcomer_was_last
        if both_wait:
            return self._newcomers if self._newcomer_was_last else self._others
        return self._newcomers if self._newcomers.length else self._others
