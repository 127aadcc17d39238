"""Memory that kinds of work share, and within each kind those for whom the work is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .memory_budget import MemoryBudget


class SharedMemoryBudget:
    """How many bytes may be taken at one time: no kind of work has more than half of them, and
    nobody for whom it is done more than a quarter, whatever its kinds.

    So a handler that takes long holds up itself alone, however many visitors call it, and a visitor
    who sends much holds up himself. One that is alone is granted more.

    :param most: bytes.
    :param patience: seconds, as :class:`.MemoryBudget` takes them.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._all = MemoryBudget(most, most // 4, patience)
        self._most_of_kind = most // 2
        self._patience = patience
        self._lock = threading.Lock()
        # The budget of each kind, and how many are about to take something of it.
        self._kinds: dict[str, tuple[MemoryBudget, int]] = {}

    @property
    def taken(self) -> int:
        """How many bytes are taken now."""
        return self._all.taken

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody waits."""
        with self._lock:
            kinds = [budget for budget, _ in self._kinds.values()]
        return any(one.is_waited_for for one in (self._all, *kinds))

    @contextmanager
    def take(
        self, size: int, kind: str, owner: str, is_wanted: Callable[[], bool] | None = None
    ) -> Iterator[None]:
        """Wait until *size* bytes are to be had, and hold them during the ``with`` block.

        :param kind: of the work, a handler or an endpoint say.
        :param owner: for whom it is done, a browser session say.
        :param is_wanted: returns whether the caller still wants to wait; asked now and then.
        :raises NotWanted: if the caller does not.
        """
        with (
            self._kind(kind) as of_kind,
            of_kind.take(size, owner, is_wanted),
            self._all.take(size, owner, is_wanted),
        ):
            yield

    def add(self, size: int, kind: str, owner: str) -> None:
        """Count *size* bytes that are there already, whether they fit or not; less than 0: that
        are there no longer.
        """
        with self._kind(kind) as of_kind:
            of_kind.add(size, owner)
        self._all.add(size, owner)

    @contextmanager
    def _kind(self, kind: str) -> Iterator[MemoryBudget]:
        """Return the budget of a kind, which is forgotten once nothing of it is taken."""
        with self._lock:
            budget, users = self._kinds.get(kind) or (
                MemoryBudget(self._most_of_kind, self._most_of_kind // 2, self._patience),
                0,
            )
            self._kinds[kind] = budget, users + 1
        try:
            yield budget
        finally:
            with self._lock:
                users = self._kinds[kind][1] - 1
                self._kinds[kind] = budget, users
                if not (users or budget.taken):
                    del self._kinds[kind]
