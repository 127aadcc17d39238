"""One thread at a time reads the log of a channel, and other threads wait for it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from ..errors import RegistryUnavailable


class SingleFlight:
    """Lets one thread read a channel's log, and tells other threads when it has done so.

    Also known as request coalescing; the name is that of Go's package.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}

    def take(self, names: Collection[str]) -> tuple[list[str], dict[str, threading.Event]]:
        """Divide *names* into those that nobody reads now, and the others.

        :returns: the names that the caller shall read, and then :meth:`release`; and by name, for
            each other one, an event that is set when the thread that reads it is done.
        """
        with self._lock:
            others = {name: self._under_way[name] for name in names if name in self._under_way}
            mine = [name for name in names if name not in others]
            for name in mine:
                self._under_way[name] = threading.Event()
        return mine, others

    def release(self, names: Collection[str]) -> None:
        """Wake the threads that wait for *names*, whether they could be read or not."""
        with self._lock:
            events = [self._under_way.pop(name) for name in names]
        for event in events:
            event.set()

    def wait(self, others: Mapping[str, threading.Event], seconds: float) -> None:
        """Wait until the threads that read *others* are done.

        :param seconds: how long to wait for each of them.
        :raises RegistryUnavailable: if one took longer, with its name.
        """
        for name, done in others.items():
            if not done.wait(seconds):
                raise RegistryUnavailable(f"The log of {name!r} could not be read in time.")
