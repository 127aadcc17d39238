"""Which core is whose, and how much of it is used."""

from __future__ import annotations

import os
import time

import psutil

_AVAILABLE = sorted(os.sched_getaffinity(0))
SERVER = _AVAILABLE[0]
#: Of the load client, and of Redis, which has little to do while the client has much.
CLIENT = _AVAILABLE[-1]


def pin(core, pid=0):
    """Keep a process, with all its threads, on *core*."""
    for thread in os.listdir(f"/proc/{pid or 'self'}/task"):
        os.sched_setaffinity(int(thread), {core})


class Family:
    """A process with its children: what they use together."""

    def __init__(self, pid):
        self._parent = psutil.Process(pid)

    @property
    def processes(self):
        return [self._parent, *self._parent.children(recursive=True)]

    def cpu(self):
        """CPU seconds up to now."""
        # clock_getcpuclockid(3), which counts nanoseconds where /proc counts hundredths.
        return sum(time.clock_gettime((~one.pid << 3) | 2) for one in self.processes)

    def memory(self):
        """Bytes that are theirs alone."""
        return sum(process.memory_full_info().uss for process in self.processes)

    def rest(self, seconds=0.2):
        """Wait until they do nothing, or have been given up on."""
        deadline = time.monotonic() + 20
        before = self.cpu()
        while time.monotonic() < deadline:
            time.sleep(seconds)
            now = self.cpu()
            if now - before < 0.05 * seconds:
                return
            before = now
