"""One channel's log in this process's memory."""

from __future__ import annotations

from ...protocol.positions import Position, new_tag
from ...protocol.publications import Publication
from ...protocol.pushes import Push
from ..records import LogPage


class MemoryLog:
    """The log of one channel: its tail, and its latest entries.

    Not safe for threads: the registry holds its lock around every call.

    :param max_entries: how many entries are kept.
    :param max_bytes: how many bytes of payload are kept.
    """

    __slots__ = ("_bytes", "_entries", "_max_bytes", "_max_entries", "tail")

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self.restart()

    def restart(self) -> None:
        """Begin a new log."""
        self.tail = Position.start()
        self.clear()

    def clear(self) -> None:
        """Drop all entries; the numbering goes on."""
        # By seq. Dicts keep their order, so the first entry is the oldest.
        self._entries: dict[int, Publication] = {}
        self._bytes = 0

    def append(self, push: Push) -> Publication:
        """Append *push*, which becomes the tail."""
        before = self.tail
        self.tail = Position(before.epoch, before.seq + 1, new_tag())
        entry = Publication(push.channel, self.tail, before.tag, push.payload, push.route)
        self._entries[self.tail.seq] = entry
        self._bytes += _size(push.payload)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            oldest = self._entries.pop(self.tail.seq + 1 - len(self._entries))
            self._bytes -= _size(oldest.payload)
        return entry

    def pass_over(self) -> Position:
        """Move the tail on by a push that is not kept, and return it; the log has no entries."""
        self.tail = Position(self.tail.epoch, self.tail.seq + 1, new_tag())
        return self.tail

    def is_foreign(self, cursor: Position) -> bool:
        """Return whether *cursor* has this log's epoch, but is no position of this log."""
        if cursor.epoch != self.tail.epoch or cursor == self.tail:
            return False
        following = self._entries.get(cursor.seq + 1)
        if following is None:
            return cursor.seq >= self.tail.seq
        return following.previous_tag != cursor.tag

    def read(self, cursor: Position | None, max_bytes: int) -> LogPage:
        """Return the entries that follow *cursor*."""
        if cursor is None or cursor == self.tail:
            return LogPage((), self.tail)
        following = self._entries.get(cursor.seq + 1)
        if following is None or following.before != cursor:
            is_trimmed = following is None and self._is_behind(cursor)
            return LogPage((), self.tail, lost=True, is_trimmed=is_trimmed)
        return LogPage(self._from(following, max_bytes), self.tail)

    def rewind(self, last: int, digest: str) -> Position:
        """Return the position before the last messages for a client, as far as the log reaches.

        :param last: how many, at least 1.
        """
        begins = self.tail
        for entry in reversed(self._entries.values()):
            begins = entry.before
            last -= entry.route.is_message_for(digest)
            if not last:
                break
        return begins

    def _is_behind(self, cursor: Position) -> bool:
        return cursor.epoch == self.tail.epoch and cursor.seq < self.tail.seq

    def _from(self, entry: Publication | None, max_bytes: int) -> tuple[Publication, ...]:
        publications: list[Publication] = []
        while entry is not None and (max_bytes > 0 or not publications):
            publications.append(entry)
            max_bytes -= _size(entry.payload)
            entry = self._entries.get(entry.position.seq + 1)
        return tuple(publications)


def _size(payload: str) -> int:
    # isascii() takes constant time, and the JSON that Flask writes is ASCII.
    return len(payload) if payload.isascii() else len(payload.encode())
