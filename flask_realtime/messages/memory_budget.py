"""How much memory all who ask may have at one time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..threads import clock

# After this number of seconds, a caller that waits looks whether its bytes are still wanted.
LOOK_SECONDS = 1.0
# An owner whose bytes may be waiting for more bytes of the same owner may have so many times its
# share.
SHARES_AT_MOST = 2


class NotWanted(Exception):
    """The work for which the caller wanted memory is not to be done any more."""


class MemoryBudget:
    """Limits how many bytes all callers may take at one time; the others wait for their turns.

    A caller may say for which owner it asks. The owners take turns, so that an owner who asks often
    keeps no other one waiting for long.

    :param most: how many bytes may be taken; a caller that is alone is granted more.
    :param most_of_one: how many of them one owner may have, its share; an owner that has none is
        granted more.
    :param patience: seconds. A caller that has bytes may be waiting for a caller that waits for
        bytes. Therefore, once nothing was taken or given back for this time, the next caller is
        granted its bytes all the same. And once no bytes of one owner were taken or given back for
        this time, that owner may have ``SHARES_AT_MOST`` times its share. None: callers that have
        taken bytes wait for nobody.
    """

    def __init__(
        self, most: int, most_of_one: int | None = None, patience: float | None = None
    ) -> None:
        self._most = most
        self._patience = patience
        self._most_of_one = most if most_of_one is None else most_of_one
        self._taken = 0
        # For each owner, how many bytes it has, and when bytes were last granted or given back.
        self._owners: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()
        # The callers that wait, in order, by owner. Without an order, a caller that gives back and
        # asks again at once could overtake those that wait, for ever.
        self._waiting: dict[str, deque[tuple[int, threading.Event]]] = {}
        self._changed_at = 0.0

    @contextmanager
    def take(
        self, size: int, owner: str = "", is_wanted: Callable[[], bool] | None = None
    ) -> Iterator[None]:
        """Wait until *size* bytes are to be had, and hold them during the ``with`` block.

        :param owner: for whom.
        :param is_wanted: returns whether the caller still wants to wait; asked now and then.
        :raises NotWanted: if the caller does not.
        """
        granted = threading.Event()
        patience = self._patience
        look_after = patience if is_wanted is None else min(LOOK_SECONDS, patience or LOOK_SECONDS)
        self._ask(size, granted, owner)
        try:
            while not granted.is_set():
                if patience is not None:
                    # Before the first wait too: the caller may have waited as long in another
                    # budget already, and both waits would add up.
                    self._relent(patience)
                if not granted.wait(look_after) and is_wanted is not None and not is_wanted():
                    raise NotWanted
            yield
        finally:
            self._leave(size, granted, owner)

    def add(self, size: int, owner: str = "") -> None:
        """Count bytes that are taken already, whether they fit or not.

        :param size: how many; less than 0: as many are given back.
        :param owner: for whom.
        """
        with self._lock:
            self._change_by(size, owner)
            self._grant()

    @property
    def taken(self) -> int:
        """How many bytes are taken now."""
        return self._taken

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
            # An owner may have more than its share by now.
            self._grant()
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
        self._changed_at = clock.monotonic()
        self._owners[owner] = self._owners.get(owner, (0, 0.0))[0] + size, self._changed_at
        if not self._owners[owner][0]:
            del self._owners[owner]

    def _grant(self) -> None:
        """Grant their bytes to those in front for whom there are enough."""
        while (owner := self._next_owner()) is not None:
            if self._taken and self._taken + self._waiting[owner][0][0] > self._most:
                return
            self._grant_first(owner)

    def _next_owner(self) -> str | None:
        """Return the first owner who may have more; None if nobody who waits may."""
        now = clock.monotonic()
        for owner, waiting in self._waiting.items():
            taken, changed_at = self._owners.get(owner, (0, now))
            is_stuck = self._patience is not None and now - changed_at >= self._patience
            share = self._most_of_one * (SHARES_AT_MOST if is_stuck else 1)
            if not taken or taken + waiting[0][0] <= share:
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
