"""Confirmations of SUBSCRIBE that Redis has yet to send, and the callers that wait for them."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ...threads import clock


class Wait:
    """One caller that waits until names are confirmed, or until connecting is given up.

    :param names: the names that are not confirmed yet.
    """

    __slots__ = ("done", "failure", "names")

    def __init__(self, names: Iterable[bytes]) -> None:
        self.names = set(names)
        #: Set once every name is confirmed, or there is a failure.
        self.done = threading.Event()
        #: Why the names will not be confirmed soon; None: they may be.
        self.failure: str | None = None


class Confirmations:
    """The confirmations that are due on the present connection.

    Not safe for threads: the listener holds its lock around every call.
    """

    def __init__(self) -> None:
        # How many SUBSCRIBEs of each name Redis has yet to confirm.
        self._due: dict[bytes, int] = {}
        self._waits: dict[bytes, list[Wait]] = {}
        # When the last confirmation came, or when this process began to wait for one.
        self._came_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._due)

    def __contains__(self, name: bytes) -> bool:
        return name in self._due

    def begin(self) -> None:
        """Forget the confirmations that a former connection owed; waits go on."""
        self._due = {}

    def expect(self, names: Iterable[bytes]) -> None:
        """Expect one more confirmation of each of *names*."""
        if not self._due:
            self._came_at = clock.monotonic()
        for name in names:
            self._due[name] = self._due.get(name, 0) + 1

    def fail_to_come(self, seconds: float) -> bool:
        """Return whether confirmations are due, and none has come for *seconds*."""
        return bool(self._due) and clock.monotonic() - self._came_at > seconds

    def wait_for(self, names: Iterable[bytes]) -> Wait:
        """Return a wait that is done once each of *names* is confirmed."""
        wait = Wait(names)
        for name in wait.names:
            self._waits.setdefault(name, []).append(wait)
        return wait

    def give_up(self, wait: Wait) -> None:
        """Forget *wait*; later calls do nothing."""
        for name in wait.names:
            waits = self._waits.get(name, [])
            if wait in waits:
                waits.remove(wait)
            if not waits:
                self._waits.pop(name, None)

    def give_all_up(self) -> list[Wait]:
        """Forget all waits, and return them."""
        waits = {id(wait): wait for waits in self._waits.values() for wait in waits}
        self._waits.clear()
        return list(waits.values())

    def confirm(self, name: bytes) -> list[Wait] | None:
        """Note that Redis has confirmed *name* once.

        :returns: the waits that are done now; None if another confirmation of *name* is still due.
        """
        self._came_at = clock.monotonic()
        left = self._due.pop(name, 1) - 1
        if left:
            self._due[name] = left
            return None
        waits = self._waits.pop(name, [])
        for wait in waits:
            wait.names.discard(name)
        return [wait for wait in waits if not wait.names]
