"""All that a single process keeps: logs, clients, what waits, and what has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from ...config.settings import Config
from ...protocol.publications import Publication
from ...threads import clock
from ...threads.time_slice import TimeSlice
from ..lifetimes import Lifetimes
from ..records import LATE_END_MS, RegistryEvents
from .clients import MemoryClients, moment_of, present_moment
from .delivery import MemoryDelivery
from .logs import MemoryLogs
from .sessions import EndedSession, MemorySessions, MemoryUsers
from .waiting import MemoryWaiting

# How many channels a call handles between two looks at the clock, in about 1 ms.
ITEMS_AT_ONCE = 20
# After how many uses some expired entries are dropped, and how many: more than these uses can have
# added, so that memory shrinks; few enough that no push pays for ten thousand clients that left at
# once.
USES_PER_TIDYING = 100
DROPPED_AT_ONCE = 400

Item = TypeVar("Item")


class MemoryStore:
    """The data of a registry in memory. Hold *lock* while using it, except for :meth:`in_pieces`,
    :meth:`settle` and :meth:`known_channels`, during which other threads run.

    It is made at the first use in a process, so that a forked process begins with an empty one.
    """

    __slots__ = (
        "clients", "delivery", "events", "heard", "lock", "logs", "sessions", "time_slice", "users",
        "uses", "waiting",
    )  # fmt: skip

    def __init__(self, config: Config) -> None:
        lifetimes = Lifetimes.of(config)
        self.lock = threading.Lock()
        #: Shared by calls that take long: see :meth:`in_pieces`.
        self.time_slice = TimeSlice()
        self.logs = MemoryLogs(config, lifetimes)
        self.clients = MemoryClients(lifetimes, config.max_channels_per_page)
        self.waiting = MemoryWaiting(lifetimes.client)
        self.sessions = MemorySessions(lifetimes)
        self.users = MemoryUsers(lifetimes)
        #: The channels that this process hears.
        self.heard: set[str] = set()
        self.events: RegistryEvents | None = None
        self.delivery: MemoryDelivery | None = None
        self.uses = 0

    def in_pieces(self, items: Iterable[Item]) -> Iterator[list[Item]]:
        """Yield *items* in order, in short lists, with pauses in which all other threads run.

        All callers share one time slice, so that others wait for one slice, however many calls of
        thousands of items run at the same time. The caller handles a list before it takes the next
        one, and holds no lock in between. There is no pause before the end of the first list.
        """
        rest = iter(items)
        began: float | None = None
        while piece := list(islice(rest, ITEMS_AT_ONCE)):
            if began is not None:
                self.time_slice.end(began)
                began = self.time_slice.begin()
            else:
                began = clock.monotonic()
            yield piece

    def settle(self, digest: str) -> None:
        """Wait until a client that is connected was handed what was published, but not for long."""
        with self.lock:
            client = self.clients.get(digest, clock.monotonic())
            delivery = self.delivery if client is not None and client.connections else None
        if delivery is not None:
            delivery.settle()

    def known_channels(self, fits: Callable[[str], bool]) -> list[str]:
        """Return the names of the known channels for which *fits* returns True."""
        with self.lock:
            names = self.logs.names()
        found: list[str] = []
        for piece in self.in_pieces(names):
            with self.lock:
                now = clock.monotonic()
                found += [name for name in piece if fits(name) and self.logs.is_known(name, now)]
        return found

    def deliver(self, publication: Publication) -> None:
        """Have *publication* delivered, if this process hears its channel."""
        if publication.channel in self.heard and self.delivery is not None:
            self.delivery.put(publication)

    def began(self, session: str, asked_at: float | None, now: float) -> int:
        """Return when an unknown client of a session began, as a moment; 0: the client is new.

        :param asked_at: see :meth:`.Registry.connect`.
        """
        if asked_at is None:
            return self.sessions.opened_at(session, now)
        return moment_of(asked_at)

    def admit(self, digest: str, user: str | None, began: int, now: float) -> bool:
        """Return whether a client may connect, as far as its user is concerned.

        :param began: what :meth:`began` returned.
        """
        return user is None or self.clients.admit(digest, user, began, self.users, now)

    def end_session(
        self, session: str, heir: str, age: int, successor: str
    ) -> tuple[int, Sequence[str]]:
        """Note an end of a session, and drop what waits for it, except for its heir's client.

        See :meth:`.Registry.end_session`.

        :returns: how many ms ago the session had ended, 0: it had not; and the successors that end
            with it.
        """
        now = self.tidy()
        moment = present_moment() - (age if age >= LATE_END_MS else 0)
        end = EndedSession(heir, moment, successor)
        ended_at, ended = self.sessions.end(session, end, now)
        heirs_client = "" if ended_at else heir.partition(":")[0]
        for one in ended:
            if not (ended_at and self.sessions.heir(one, now)):
                self.waiting.drop(one, now, heirs_client)
        return max(present_moment() - ended_at, 1) if ended_at else 0, ended[1:]

    def tidy(self) -> float:
        """Count a use, and now and then drop some expired entries; return the time."""
        now = clock.monotonic()
        self.uses += 1
        if self.uses % USES_PER_TIDYING == 0:
            self.drop_expired(now)
        return now

    def drop_expired(self, now: float) -> bool:
        """Drop some expired entries; return True if there may be more."""
        parts = (self.logs, self.clients, self.waiting, self.sessions, self.users)
        return any([part.drop_expired(now, DROPPED_AT_ONCE) for part in parts])
