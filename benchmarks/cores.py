"""Keeps processes on CPU cores, and measures the CPU time and memory that they use."""

from __future__ import annotations

import os
import time

import psutil

_AVAILABLE = sorted(os.sched_getaffinity(0))
SERVER = _AVAILABLE[0]
#: The core of the load client and of Redis, which has little to do while the client is busy.
CLIENT = _AVAILABLE[-1]


def pin(core, pid=0):
    """Keep a process, with all its threads, on one core.

    :param pid: the id of the process; 0: this process.
    """
    for thread in os.listdir(f"/proc/{pid or 'self'}/task"):
        os.sched_setaffinity(int(thread), {core})


class Family:
    """A process and all processes below it.

    :param pid: the id of the topmost process.
    """

    def __init__(self, pid):
        self._parent = psutil.Process(pid)

    @property
    def processes(self):
        return [self._parent, *self._parent.children(recursive=True)]

    def cpu(self):
        """Return the CPU seconds that these processes have used so far."""
        # The clock of clock_getcpuclockid(3), which counts nanoseconds; /proc counts hundredths of
        # a second.
        return sum(time.clock_gettime((~one.pid << 3) | 2) for one in self.processes)

    def memory(self):
        """Return the bytes of memory that only these processes use (USS)."""
        return sum(process.memory_full_info().uss for process in self.processes)

    def rest(self, seconds=0.2):
        """Wait until the processes are idle for *seconds*, but not longer than 20 seconds."""
        deadline = time.monotonic() + 20
        before = self.cpu()
        while time.monotonic() < deadline:
            time.sleep(seconds)
            now = self.cpu()
            if now - before < 0.05 * seconds:
                return
            before = now
