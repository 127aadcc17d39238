"""Turns that visitors take one after the other: who has had none for longest comes first.

Visitors who never had a turn, the newcomers, get every other turn at most while others wait:
strangers who come with ever new sessions are newcomers each time.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict

# Of how many visitors it is known when they had their last turn. Any other counts as one who never
# had one.
MOST_REMEMBERED = 1000


class Waiter:
    """One who waits for a turn.

    :ivar visitor: who it is.
    :ivar has_turn: set once it has its turn.
    """

    __slots__ = ("has_turn", "number", "visitor")

    def __init__(self, visitor: str, number: int) -> None:
        self.visitor = visitor
        self.number = number
        self.has_turn = threading.Event()


class FairTurns:
    """So many turns at one time, which are given to waiters.

    Whoever asks again and again has had a turn of late, and comes behind those who ask seldom. A
    newcomer comes first, but where both newcomers and others wait, they take turns in alternation.
    All methods are to be called with one lock held, but a waiter waits without it.

    :param count: how many may have a turn at one time.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._numbers = itertools.count(1)
        self._waiting: list[Waiter] = []
        # Whether the last turn went to a newcomer while another visitor waited.
        self._newcomer_was_last = False
        # By visitor, the number of its last turn, the latest at the end.
        self._served: OrderedDict[str, int] = OrderedDict()

    def ask(self, visitor: str) -> Waiter:
        """Return one who waits for a turn, and may have it already."""
        waiter = Waiter(visitor, next(self._numbers))
        self._waiting.append(waiter)
        self._give()
        return waiter

    def place(self, waiter: Waiter) -> int:
        """Return how many turns have to be free until *waiter* has one; 0: it has one."""
        if waiter not in self._waiting:
            return 0
        alike = [one for one in self._waiting if self._is_new(one) == self._is_new(waiter)]
        place = sum(self._rank(one) <= self._rank(waiter) for one in alike)
        is_first = self._is_new(waiter) != self._newcomer_was_last
        return place + min(len(self._waiting) - len(alike), place - is_first)

    def leave(self, waiter: Waiter) -> bool:
        """Let *waiter* wait no longer; return whether it has a turn."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        return waiter.has_turn.is_set()

    def give_back(self) -> None:
        """Give one turn back."""
        self._free += 1
        self._give()

    def _give(self) -> None:
        while self._free and self._waiting:
            first = self._first()
            self._waiting.remove(first)
            self._free -= 1
            self._served[first.visitor] = next(self._numbers)
            self._served.move_to_end(first.visitor)
            if len(self._served) > MOST_REMEMBERED:
                self._served.popitem(last=False)
            first.has_turn.set()

    def _first(self) -> Waiter:
        """Return who comes next."""
        newcomers = [one for one in self._waiting if self._is_new(one)]
        others = [one for one in self._waiting if not self._is_new(one)]
        if newcomers and others:
            self._newcomer_was_last = not self._newcomer_was_last
            chosen = newcomers if self._newcomer_was_last else others
        else:
            self._newcomer_was_last = False
            chosen = newcomers or others
        return min(chosen, key=self._rank)

    def _is_new(self, waiter: Waiter) -> bool:
        return waiter.visitor not in self._served

    def _rank(self, waiter: Waiter) -> tuple[int, int]:
        return self._served.get(waiter.visitor, 0), waiter.number
