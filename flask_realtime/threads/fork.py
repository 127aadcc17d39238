"""What each process has one of, however it came to be forked."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ForkLocal(Generic[Value]):
    """Makes a value when a process first asks for it; nothing of another's is used after a fork.

    :param make: makes one.
    """

    __slots__ = ("_make", "_values")

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._values: dict[int, Value] = {}

    def get(self) -> Value:
        """This process's."""
        process = os.getpid()
        value = self._values.get(process)
        if value is None:
            # setdefault is atomic: of two first users, both get one.
            value = self._values.setdefault(process, self._make())
            for other in [one for one in self._values if one != process]:
                self._values.pop(other, None)
        return value

    def pop(self) -> Value | None:
        """This process's, which it has no more then; None if it never asked for one."""
        return self._values.pop(os.getpid(), None)
