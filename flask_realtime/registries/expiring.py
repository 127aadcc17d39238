"""A dict whose entries live for a fixed time after they were last touched."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class ExpiringDict(Generic[Key, Value]):
    """A dict whose entries expire. They are kept in the order in which they expire.

    Not safe for threads: its owner holds a lock around every call.

    :param seconds: how long an entry lives.
    """

    __slots__ = ("_entries", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._entries: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def get(self, key: Key, now: float) -> Value | None:
        """Return the value of *key*; None if there is none, or it has expired."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > now else None

    def put(self, key: Key, value: Value, now: float) -> None:
        """Set the value of *key*, which expires ``seconds`` from now."""
        self._entries[key] = (now + self.seconds, value)
        self._entries.move_to_end(key)

    def put_among(self, key: Key, value: Value, now: float, most: int) -> None:
        """Do what :meth:`put` does, and keep *most* entries: those go first that have expired."""
        self.pop_expired(now, 10)
        self.put(key, value, now)
        if len(self._entries) > most:
            self.pop_oldest()

    def pop(self, key: Key, now: float) -> Value | None:
        """Remove *key* and return its value; None if there was none, or it had expired."""
        entry = self._entries.pop(key, None)
        return entry[1] if entry is not None and entry[0] > now else None

    def pop_oldest(self) -> None:
        """Remove the entry that expires first."""
        self._entries.popitem(last=False)

    def pop_expired(self, now: float, most: int) -> list[Value]:
        """Remove and return values that have expired, *most* of them."""
        expired: list[Value] = []
        while self._entries and len(expired) < most:
            key, (deadline, value) = next(iter(self._entries.items()))
            if deadline > now:
                break
            del self._entries[key]
            expired.append(value)
        return expired

    def keys(self, now: float) -> list[Key]:
        """Return the keys that have not expired."""
        return [key for key, (deadline, _) in self._entries.items() if deadline > now]

    def __iter__(self) -> Iterator[Key]:
        """Iterate over all keys, also those that have expired and are not removed yet."""
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
