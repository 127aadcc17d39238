"""A dict whose entries live for a fixed time after they were last touched."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class ExpiringDict(Generic[Key, Value]):
    """Entries stand in the order in which they expire, so none is ever looked for.

    Not safe for threads: its owner holds a lock around every call.

    :param seconds: how long an entry lives.
    """

    __slots__ = ("_entries", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key, now: float) -> Value | None:
        """The value of *key*, unless it has expired."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > now else None

    def put(self, key: Key, value: Value, now: float) -> None:
        """Set the value of *key*, which lives as long as any from now on."""
        self._entries[key] = (now + self.seconds, value)
        self._entries.move_to_end(key)

    def pop(self, key: Key, now: float) -> Value | None:
        """Take *key* out; its value, unless it had expired."""
        entry = self._entries.pop(key, None)
        return entry[1] if entry is not None and entry[0] > now else None

    def pop_oldest(self) -> None:
        """Take out the one that expires first."""
        self._entries.popitem(last=False)

    def pop_expired(self, now: float, most: int) -> list[Value]:
        """Take out the values that have expired, *most* of them."""
        expired: list[Value] = []
        while self._entries and len(expired) < most:
            key, (deadline, value) = next(iter(self._entries.items()))
            if deadline > now:
                break
            del self._entries[key]
            expired.append(value)
        return expired

    def keys(self, now: float) -> list[Key]:
        """A copy of the keys that have not expired."""
        return [key for key, (deadline, _) in self._entries.items() if deadline > now]

    def __len__(self) -> int:
        return len(self._entries)
