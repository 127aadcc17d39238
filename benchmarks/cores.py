"""Which CPU core each process has, and how much of the CPU it uses."""

from __future__ import annotations

import os
import time

import psutil

_AVAILABLE = sorted(os.sched_getaffinity(0))
SERVER = _AVAILABLE[0]
#: For the load client, and for Redis, which has little to do while the client is busy.
CLIENT = _AVAILABLE[-1]


def pin(core, pid=0):
    """Keep a process, with all its threads, on one core.

    :param pid: of the process; 0 for this one.
    """
    for thread in os.listdir(f"/proc/{pid or 'self'}/task"):
        os.sched_setaffinity(int(thread), {core})


class Family:
    """A process and its children."""

    def __init__(self, pid):
        self._parent = psutil.Process(pid)

    @property
    def processes(self):
        return [self._parent, *self._parent.children(recursive=True)]

    def cpu(self):
        """Return how many CPU seconds they have used."""
        # As clock_getcpuclockid(3) does it: this clock counts nanoseconds, and /proc hundredths of
        # a second.
        return sum(time.clock_gettime((~one.pid << 3) | 2) for one in self.processes)

    def memory(self):
        """Return how many bytes of memory only they use."""
        return sum(process.memory_full_info().uss for process in self.processes)

    def rest(self, seconds=0.2):
        """Return when they do nothing, or after 20 seconds."""
        deadline = time.monotonic() + 20
        before = self.cpu()
        while time.monotonic() < deadline:
            time.sleep(seconds)
            now = self.cpu()
            if now - before < 0.05 * seconds:
                return
            before = now
