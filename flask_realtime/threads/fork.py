"""Values that each process has one of, also after a fork."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ForkLocal(Generic[Value]):
    """Makes a value when a process first asks for it; a forked process makes one of its own.

    :param make: makes the value.
    """

    __slots__ = ("_make", "_values")

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._values: dict[int, Value] = {}

    def get(self) -> Value:
        """Return the value of this process."""
        process = os.getpid()
        value = self._values.get(process)
        if value is None:
            # setdefault is atomic: two threads that ask first at the same time get the same value.
            value = self._values.setdefault(process, self._make())
            for other in [one for one in self._values if one != process]:
                self._values.pop(other, None)
        return value

    @property
    def has_value(self) -> bool:
        """Whether this process has its value already."""
        return os.getpid() in self._values

    def pop(self) -> Value | None:
        """Remove and return the value of this process; None if the process never asked for it."""
        return self._values.pop(os.getpid(), None)
