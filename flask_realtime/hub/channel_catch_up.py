"""Reads what this process missed of paused channels, until each may go on live."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from ..errors import RegistryUnavailable
from ..threads.pause import let_others_run
from .delivery import Delivery
from .shared_reads import PAGE_BYTES, Read
from .single_flight import SingleFlight

# How many channels share a page, and the deadline of one call. After a minute without Redis all
# channels of a process have something to read; what was read before a failure is kept.
CHANNELS_AT_ONCE = 100


class ChannelCatchUp:
    """Brings paused channels of *delivery* to the tails of their logs.

    :param listen: has this process hear channels.
    :param read: the registry's reader, for positions that this process has reached.
    """

    def __init__(
        self, delivery: Delivery, listen: Callable[[Collection[str]], None], read: Read
    ) -> None:
        self._delivery = delivery
        self._listen = listen
        self._read = read
        self._flights = SingleFlight()
        self._may_read = threading.Event()
        self._may_read.set()
        self._lock = threading.Lock()
        # The losses so far, and how many of them are over.
        self._losses = self._restored = 0

    def interrupt(self) -> None:
        """Deliver nothing live, since publications may be missing, and let logs be read again only
        behind :meth:`release`: who has left a channel meanwhile is not known before that."""
        with self._lock:
            self._losses += 1
            self._may_read.clear()
        self._delivery.pause()

    def restore(self) -> list[str]:
        """Note that publications are heard again; return the channels, which are paused."""
        self._restored = self._losses
        return self._delivery.pause()

    def begin(self) -> int:
        """Return what :meth:`release` takes; who has left which channel is read from now on."""
        return self._restored

    def release(self, begun: int) -> None:
        """Let logs be read again, unless publications may be missing since :meth:`begin`."""
        with self._lock:
            if begun == self._losses:
                self._may_read.set()

    def run(self, names: Collection[str], patience: float, waits: bool = True) -> None:
        """Return when none of *names* is paused any more, and each is heard in this process.

        One thread reads a channel, others wait for it.

        :param patience: seconds to wait for a channel that another thread reads.
        :param waits: whether to wait for :meth:`release`, *patience* seconds at the most, rather
            than give up.
        :raises RegistryUnavailable: if a log cannot be read; its channel stays paused, and is read
            in the background as soon as that is possible.
        """
        if self._run(names, patience, self._may_read.is_set):
            return
        if not waits:
            raise RegistryUnavailable("The clients of this process are read before its logs.")
        self._may_read.wait(patience)
        self._run(names, patience, lambda: True)

    def _run(self, names: Collection[str], patience: float, may_read: Callable[[], bool]) -> bool:
        """Do what :meth:`run` does; return False if it is too early to read logs."""
        paused = self._delivery.paused(names)
        if not paused:
            return True
        mine, others = self._flights.take(paused)
        try:
            has_read = self._go_live(mine, may_read)
        except BaseException:
            # Connections that are on these channels already wait as well.
            self._delivery.ask_to_read(mine)
            raise
        finally:
            # Before any waiting for the clients: the thread that reads them may wait for this one.
            self._flights.release(mine)
        if has_read:
            self._flights.wait(others, patience)
        return has_read

    def _go_live(self, names: list[str], may_read: Callable[[], bool]) -> bool:
        if names:
            # Listens first, so that whatever is published after the reading is heard.
            self._listen(names)
        portions = (
            names[start : start + CHANNELS_AT_ONCE]
            for start in range(0, len(names), CHANNELS_AT_ONCE)
        )
        return all(self._read_to_tails(portion, may_read) for portion in portions)

    def _read_to_tails(self, names: Collection[str], may_read: Callable[[], bool]) -> bool:
        # Asked before each reading: the link to Redis may be lost at any time.
        if not may_read():
            return False
        cursors = self._delivery.begin_reading(names)
        while cursors:
            pages = self._read(cursors, PAGE_BYTES // len(cursors))
            left = [
                name
                for name, page in pages.items()
                if not self._delivery.resume_from_log(name, page.publications, page.tail, page.lost)
            ]
            let_others_run()
            if left:
                # Once more, because the link to Redis may have been lost meanwhile.
                self._listen(left)
                if not may_read():
                    return False
            cursors = self._delivery.begin_reading(left)
        return True
