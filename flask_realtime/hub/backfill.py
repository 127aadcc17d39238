"""Brings older parts of logs back into this process, once for all who need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..registries.records import LogPage
from .delivery import Delivery
from .single_flight import SingleFlight

Read = Callable[[Mapping[str, "Position | None"], int], dict[str, LogPage]]

# A page of a log: large enough that a round trip is worth it, small enough to be held for
# thousands of channels one after the other.
PAGE_BYTES = 256 * 1024
# Who is further behind than this reads pages for itself alone.
MOST_BYTES = 4 * 1024 * 1024
# How long one waits for another who reads.
PATIENCE_SECONDS = 10.0


class Backfill:
    """Reads what came since a position, and leaves it with *delivery* for the others.

    After a restart thousands come back at once, from a few different places of the same logs.

    :param read: the registry's reader, for positions that a client named.
    """

    def __init__(self, delivery: Delivery, read: Read) -> None:
        self._delivery = delivery
        self._read = read
        self._flights = SingleFlight()

    def run(self, starts: Mapping[str, Position]) -> dict[str, LogPage]:
        """Have *delivery* cover each start, where it can.

        :returns: for each other one its first page: something is lost, or it is too far behind.
        :raises RegistryUnavailable: if a log cannot be read.
        """
        pages: dict[str, LogPage] = {}
        missing = self._missing(starts, pages)
        alone = [name for name in missing if not self._delivery.is_behind(name, starts[name])]
        pages.update(self._read_back({name: starts[name] for name in alone}))
        shared = missing - set(alone)
        while shared:
            mine, others = self._flights.take(shared)
            try:
                pages.update(self._read_back({name: starts[name] for name in mine}))
            finally:
                self._flights.release(mine)
            self._flights.wait(others, PATIENCE_SECONDS)
            shared = self._missing({name: starts[name] for name in others}, pages)
        return pages

    def _missing(self, starts: Mapping[str, Position], pages: dict[str, LogPage]) -> set[str]:
        missing = set()
        for name, position in starts.items():
            tail = self._delivery.tail_if_gone(name, position)
            if tail is not None:
                pages[name] = LogPage((), tail, lost=True)
            elif not self._delivery.covers(name, position):
                missing.add(name)
        return missing

    def _read_back(self, starts: Mapping[str, Position]) -> dict[str, LogPage]:
        pages: dict[str, LogPage] = {}
        found: dict[str, list[Publication]] = {name: [] for name in starts}
        cursors = dict(starts)
        while cursors:
            # Ends of pages read so far, or what a client named: none of it gives a new epoch.
            read = self._read(cursors, max(1, PAGE_BYTES // len(cursors)))
            cursors = {}
            for name, page in read.items():
                found[name] += page.publications
                if page.is_trimmed:
                    self._delivery.note_gone(name, starts[name])
                if page.lost and not found[name]:
                    pages[name] = page
                elif self._delivery.extend(name, found[name]):
                    continue
                elif page.publications and _size(found[name]) < MOST_BYTES:
                    cursors[name] = page.publications[-1].position
                else:
                    pages[name] = LogPage(tuple(found[name]), page.tail)
        return pages


def _size(publications: list[Publication]) -> int:
    return sum(len(one.payload) for one in publications)
