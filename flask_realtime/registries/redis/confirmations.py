"""What Redis has yet to confirm of our subscribing, and who waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable


class Wait:
    """One caller that waits until its names are confirmed, or nobody connects any more."""

    __slots__ = ("done", "failure", "names")

    def __init__(self, names: Iterable[bytes]) -> None:
        self.names = set(names)
        self.done = threading.Event()
        self.failure: str | None = None


class Confirmations:
    """Not safe for threads: the listener holds its lock around every call."""

    def __init__(self) -> None:
        # By name, how many of our SUBSCRIBEs Redis has yet to confirm.
        self._due: dict[bytes, int] = {}
        self._waits: dict[bytes, list[Wait]] = {}
        # When the last came, or when we began to wait.
        self._came_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._due)

    def __contains__(self, name: bytes) -> bool:
        return name in self._due

    def begin(self) -> None:
        """Expect nothing of a connection that is new; who waits goes on waiting."""
        self._due = {}

    def expect(self, names: Iterable[bytes]) -> None:
        """Expect one more for each of *names*."""
        if not self._due:
            self._came_at = time.monotonic()
        for name in names:
            self._due[name] = self._due.get(name, 0) + 1

    def fail_to_come(self, seconds: float) -> bool:
        """Whether some are due, and none has come for *seconds*."""
        return bool(self._due) and time.monotonic() - self._came_at > seconds

    def wait_for(self, names: Iterable[bytes]) -> Wait:
        """One that is done once each of *names* is confirmed."""
        wait = Wait(names)
        for name in wait.names:
            self._waits.setdefault(name, []).append(wait)
        return wait

    def give_up(self, wait: Wait) -> None:
        """Think of *wait* no more."""
        for name in wait.names:
            waits = self._waits.get(name, [])
            if wait in waits:
                waits.remove(wait)
            if not waits:
                self._waits.pop(name, None)

    def give_all_up(self) -> list[Wait]:
        """Think of none any more; those there were."""
        waits = {id(wait): wait for waits in self._waits.values() for wait in waits}
        self._waits.clear()
        return list(waits.values())

    def confirm(self, name: bytes) -> list[Wait] | None:
        """Note one; the waits that it was the last for, None if *name* is due still."""
        self._came_at = time.monotonic()
        left = self._due.pop(name, 1) - 1
        if left:
            self._due[name] = left
            return None
        waits = self._waits.pop(name, [])
        for wait in waits:
            wait.names.discard(name)
        return [wait for wait in waits if not wait.names]
