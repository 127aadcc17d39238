"""Memory that several kinds of work share, and the owners for whom the work is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .memory_budget import MemoryBudget


class SharedMemoryBudget:
    """Limits how many bytes may be taken at one time, in all, by a kind of work, and by an owner.

    One kind of work has at most half of the bytes, and one owner, for whom work is done, at most a
    quarter. So a handler that takes long holds up itself alone, however many visitors call it, and
    visitors who send much hold up themselves. A caller that is alone is granted more.

    :param most: how many bytes may be taken in all.
    :param patience: seconds; see :class:`.MemoryBudget`.
    """

    def __init__(self, most: int, patience: float) -> None:
        self._all = MemoryBudget(most, most // 4, patience)
        self._most_of_kind = most // 2
        self._patience = patience
        self._lock = threading.Lock()
        # The budget of each kind, and the number of callers that are about to use it.
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

        :param kind: the kind of work, such as a handler or an endpoint.
        :param owner: for whom the work is done, such as a browser session.
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
        """Count *size* bytes that are taken already, whether they fit or not.

        :param size: how many; less than 0: as many are given back.
        :param kind: the kind of work, such as a handler or an endpoint.
        :param owner: for whom the work is done, such as a browser session.
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
