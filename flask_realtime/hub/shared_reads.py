"""Reads an older part of a log once, for all connections of this process that need it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..registries.records import LogPage
from ..threads.pause import let_others_run
from .delivery import ENTRY_BYTES, Delivery
from .single_flight import SingleFlight

Read = Callable[[Mapping[str, "Position | None"], int], dict[str, LogPage]]

# The size of a page of a log, in bytes: large enough to be worth a round trip, small enough that
# thousands of connections may hold one.
PAGE_BYTES = 256 * 1024
# How many channels share one page; each log gives at least one entry of it.
CHANNELS_AT_ONCE = 20
# How many bytes of memory one reading may take, for all its channels together. A connection that is
# further behind reads the rest by itself, one page at a time.
MOST_BYTES = 4 * 1024 * 1024
# How many threads at a time may read more than the first pages; each may hold MOST_BYTES.
FAR_AT_ONCE = 4
# How long a thread waits for another one that reads.
PATIENCE_SECONDS = 10.0


class SharedReads:
    """Reads what was published since a position, and keeps it in *delivery* for other connections.

    After a restart thousands of connections come back together, behind a few positions of the same
    logs: one of them reads, and the others wait for it.

    :param read: the registry's reader, for positions that a client named.
    """

    def __init__(self, delivery: Delivery, read: Read) -> None:
        self._delivery = delivery
        self._read = read
        self._flights = SingleFlight()
        self._far = threading.BoundedSemaphore(FAR_AT_ONCE)

    def run(self, starts: Mapping[str, Position]) -> dict[str, LogPage]:
        """Have *delivery* cover each position of *starts*, where it can.

        Takes time in proportion to what is read, with pauses for others.

        :returns: the first page of every channel whose log has lost something, and of some of the
            other channels that *delivery* does not cover. The caller reads what is missing.
        :raises RegistryUnavailable: if a log cannot be read.
        """
        pages: dict[str, LogPage] = {}
        missing = self._missing(starts, pages)
        if not missing:
            return pages
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
        names, reading = list(starts), _Reading(starts)
        for start in range(0, len(names), CHANNELS_AT_ONCE):
            chosen = names[start : start + CHANNELS_AT_ONCE]
            left = self._read_once({name: starts[name] for name in chosen}, reading)
            if left and self._far.acquire(timeout=PATIENCE_SECONDS):
                try:
                    while left:
                        left = self._read_once(left, reading)
                finally:
                    self._far.release()
            for name in left:
                reading.give_up(name)
        return reading.pages

    def _read_once(self, cursors: Mapping[str, Position], reading: _Reading) -> dict[str, Position]:
        """Read one page for all *cursors* together; return the cursors of the next page."""
        left: dict[str, Position] = {}
        # The cursors are ends of pages, or were named by a client: none may cause a new epoch.
        for name, page in self._read(cursors, reading.page_bytes // len(cursors) or 1).items():
            found = reading.add(name, page)
            if page.is_trimmed:
                self._delivery.note_gone(name, reading.starts[name])
            if self._delivery.extend(name, found):
                reading.drop(name)
            elif page.publications and self._fits(name, page, reading):
                left[name] = page.publications[-1].position
            else:
                reading.give_up(name)
        let_others_run()
        return left

    def _fits(self, name: str, page: LogPage, reading: _Reading) -> bool:
        """Return whether there is memory left for the missing part of a channel.

        Its entries are assumed to be as large as those that were read.
        """
        missing = self._delivery.distance(name, page.publications[-1].position)
        return 0 < missing * reading.usual_bytes(name) <= reading.room


class _Reading:
    """What one reading has found so far.

    :ivar pages: the pages that the caller gets.
    :ivar room: how many bytes the reading may still take.
    """

    def __init__(self, starts: Mapping[str, Position]) -> None:
        self.starts = starts
        self.pages: dict[str, LogPage] = {}
        self.room = MOST_BYTES
        self._kept_room = PAGE_BYTES
        self._found: dict[str, list[Publication]] = {}
        self._tails: dict[str, Position] = {}
        self._sizes: dict[str, int] = {}

    @property
    def page_bytes(self) -> int:
        """How many bytes to read at once."""
        return max(0, min(PAGE_BYTES, self.room))

    def add(self, name: str, page: LogPage) -> Sequence[Publication]:
        """Add a page; return all publications of its channel so far."""
        if page.lost and name not in self._found:
            self.pages[name] = page
        found = self._found.setdefault(name, [])
        found += page.publications
        size = _size(page.publications)
        self._tails[name] = page.tail
        self._sizes[name] = self._sizes.get(name, 0) + size
        self.room -= size
        return found

    def usual_bytes(self, name: str) -> float:
        """Return how many bytes an entry of the channel takes in memory, on average so far."""
        return self._sizes[name] / len(self._found[name])

    def drop(self, name: str) -> None:
        """Drop what was found of the channel: *delivery* keeps it now."""
        del self._found[name]

    def give_up(self, name: str) -> None:
        """Read no more of the channel; keep a page of what was found for the caller, if it fits."""
        found = self._found.pop(name)
        kept = 0
        for one in found:
            self._kept_room -= _size((one,))
            if self._kept_room < 0:
                break
            kept += 1
        if name not in self.pages and (kept or not found):
            self.pages[name] = LogPage(tuple(found[:kept]), self._tails[name])


def _size(publications: Sequence[Publication]) -> int:
    return sum([len(one.payload) + ENTRY_BYTES for one in publications])
