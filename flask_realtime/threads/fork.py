"""Values that each process has one of, also after a fork."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ForkLocal(Generic[Value]):
    """Makes a value when a process first asks for it; a forked process makes one of its own.

    Threads that ask first at the same time wait for the one that makes it. A thread that is asked
    for the value while it makes it, as by a signal's handler, makes another one, which counts.

    :param make: makes the value.
    """

    __slots__ = ("_locks", "_make", "_values")

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._values: dict[int, Value] = {}
        # A lock for each process: a fork copies one that is held, and nobody would release it.
        self._locks: dict[int, threading.RLock] = {}

    def get(self) -> Value:
        """Return the value of this process."""
        process = os.getpid()
        value = self._values.get(process)
        return self._made(process) if value is None else value

    def _made(self, process: int) -> Value:
        # setdefault is atomic: all who ask first at the same time get the same lock.
        with self._locks.setdefault(process, threading.RLock()):
            value = self._values.get(process)
            if value is None:
                value = self._values.setdefault(process, self._make())
        for kept in (self._values, self._locks):
            for other in [one for one in list(kept) if one != process]:
                kept.pop(other, None)
        return value

    @property
    def has_value(self) -> bool:
        """Whether this process has its value already."""
        return os.getpid() in self._values

    def pop(self) -> Value | None:
        """Remove and return the value of this process; None if the process never asked for it."""
        return self._values.pop(os.getpid(), None)
