"""One at a time reads the log of a channel, and the others wait for it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from ..errors import RegistryUnavailable


class SingleFlight:
    """Lets one thread read a channel's log, and tells the others when it has done so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}

    def take(self, names: Collection[str]) -> tuple[list[str], dict[str, threading.Event]]:
        """Those of *names* that the caller shall work on, and then :meth:`release`; for each
        other one an event that is set when whoever works on it has done so."""
        with self._lock:
            others = {name: self._under_way[name] for name in names if name in self._under_way}
            mine = [name for name in names if name not in others]
            for name in mine:
                self._under_way[name] = threading.Event()
        return mine, others

    def release(self, names: Collection[str]) -> None:
        """Let go of *names*, whatever came of it."""
        with self._lock:
            events = [self._under_way.pop(name) for name in names]
        for event in events:
            event.set()

    def wait(self, others: Mapping[str, threading.Event], seconds: float) -> None:
        """Wait until each of *others* has been worked on, *seconds* at the most for one.

        :raises RegistryUnavailable: naming the one that took longer.
        """
        for name, done in others.items():
            if not done.wait(seconds):
                raise RegistryUnavailable(f"The log of {name!r} could not be read in time.")
