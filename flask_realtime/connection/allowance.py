"""How much memory all who ask may have at one time."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from ..threads import clock


class Allowance:
    """How many bytes may be taken at one time by all who ask; others wait, and come in order.

    Those who say who they ask for come in the order of these owners, so that one who asks often
    keeps nobody else waiting for long.

    :param most: bytes; more are granted to one that is alone.
    :param most_of_one: how many of them one owner may have; more are granted to an owner that has
        none.
    """

    def __init__(self, most: int, most_of_one: int | None = None) -> None:
        self._most = most
        self._most_of_one = most if most_of_one is None else most_of_one
        self._taken = 0
        self._taken_by: Counter[str] = Counter()
        self._lock = threading.Lock()
        # By owner, in order: who gives back and asks again at once would else overtake who waits,
        # for ever.
        self._waiting: dict[str, deque[tuple[int, threading.Event]]] = {}
        self._changed_at = 0.0

    @contextmanager
    def take(self, size: int, patience: float | None = None, owner: str = "") -> Iterator[None]:
        """Have *size* bytes within this, once there are so many to be had.

        :param patience: who has taken bytes may be waiting for one who waits here: after so many
            seconds in which nothing was taken or given back, the next in order is granted its
            bytes all the same. None: whoever has taken bytes waits for nobody.
        :param owner: for whom.
        """
        granted = threading.Event()
        self._ask(size, granted, owner)
        try:
            while not granted.wait(patience):
                self._relent(patience or 0.0)
            yield
        finally:
            self._leave(size, granted, owner)

    def add(self, size: int) -> None:
        """Count *size* bytes that are there already, whether they fit or not; less than 0: that
        are there no longer."""
        with self._lock:
            self._change_by(size, "")
            self._grant()

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def _ask(self, size: int, granted: threading.Event, owner: str) -> None:
        with self._lock:
            self._waiting.setdefault(owner, deque()).append((size, granted))
            self._grant()

    def _relent(self, patience: float) -> None:
        with self._lock:
            if self._waiting and clock.monotonic() - self._changed_at >= patience:
                self._grant_first(next(iter(self._waiting)))

    def _leave(self, size: int, granted: threading.Event, owner: str) -> None:
        with self._lock:
            if granted.is_set():
                self._change_by(-size, owner)
            else:
                # A greenlet that is killed while it waits has taken nothing.
                self._waiting[owner].remove((size, granted))
                if not self._waiting[owner]:
                    del self._waiting[owner]
            self._grant()

    def _change_by(self, size: int, owner: str) -> None:
        self._taken += size
        self._taken_by[owner] += size
        if not self._taken_by[owner]:
            del self._taken_by[owner]
        self._changed_at = clock.monotonic()

    def _grant(self) -> None:
        """Grant their bytes to those in front for whom there are enough."""
        while (owner := self._next_owner()) is not None:
            if self._taken and self._taken + self._waiting[owner][0][0] > self._most:
                return
            self._grant_first(owner)

    def _next_owner(self) -> str | None:
        """The first owner who may have more, None if nobody who waits may."""
        for owner, waiting in self._waiting.items():
            taken = self._taken_by[owner]
            if not taken or taken + waiting[0][0] <= self._most_of_one:
                return owner
        return None

    def _grant_first(self, owner: str) -> None:
        waiting = self._waiting.pop(owner)
        size, granted = waiting.popleft()
        if waiting:
            # Behind the other owners.
            self._waiting[owner] = waiting
        self._change_by(size, owner)
        granted.set()
