"""Reads older parts of logs into this process, once for all connections that need them."""

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

# A page of a log: large enough that a round trip is worth it, small enough to be held for
# thousands of connections.
PAGE_BYTES = 256 * 1024
# So many channels share one page, of which each log gives one entry at least.
CHANNELS_AT_ONCE = 20
# What one reading may take in memory, of all its channels together. A connection that is further
# behind reads the rest by itself, one page at a time.
MOST_BYTES = 4 * 1024 * 1024
# So many threads may read more than the first pages at a time; each may hold MOST_BYTES.
FAR_AT_ONCE = 4
# How long a thread waits for another one that reads.
PATIENCE_SECONDS = 10.0


class Backfill:
    """Reads what came since a position, and leaves it with *delivery* for other connections.

    After a restart thousands come back together, from a few different places of the same logs:
    one of them reads, the others wait for it.

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

        :returns: the first page of some of the channels that it does not cover, and of all where
            something is lost. What the other channels have is to be read by the caller.
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
        """Read one page that *cursors* share; return where to go on with those that go on."""
        left: dict[str, Position] = {}
        # Ends of pages read so far, or what a client named: none of it gives a new epoch.
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
        """Return whether what is still missing of a channel may be read as well.

        It is likely to be like what was read so far.
        """
        missing = self._delivery.distance(name, page.publications[-1].position)
        return 0 < missing * reading.usual_bytes(name) <= reading.room


class _Reading:
    """What one reading has found so far."""

    def __init__(self, starts: Mapping[str, Position]) -> None:
        self.starts = starts
        #: What the caller gets.
        self.pages: dict[str, LogPage] = {}
        #: How many bytes the reading may still take.
        self.room = MOST_BYTES
        self._kept_room = PAGE_BYTES
        self._found: dict[str, list[Publication]] = {}
        self._tails: dict[str, Position] = {}
        self._sizes: dict[str, int] = {}

    @property
    def page_bytes(self) -> int:
        """How much to read at once."""
        return max(0, min(PAGE_BYTES, self.room))

    def add(self, name: str, page: LogPage) -> Sequence[Publication]:
        """Add a page; return all that was found of its channel."""
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
        """Return what one entry of the channel takes in memory, as far as it was read."""
        return self._sizes[name] / len(self._found[name])

    def drop(self, name: str) -> None:
        """Drop what was found of the channel, which others have now."""
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
