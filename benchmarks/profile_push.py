"""Shows which functions use the CPU during a push: ``python -m benchmarks.profile_push``.

This needs Linux's ``perf``.
"""

from __future__ import annotations

import collections
import shutil
import subprocess
import sys
import tempfile

from .http import get
from .rivals import ours

CLIENTS = 1000
COUNT = 200
INTERVAL_SECONDS = 0.05
CHANNEL = "room"
KERNEL = "[kernel.kallsyms]"


def main():
    if shutil.which("perf") is None:
        sys.exit("This needs perf: on Debian, apt-get install linux-perf.")
    with tempfile.NamedTemporaryFile() as record:
        sample(record.name)
        command = ["perf", "report", "-i", record.name, "--no-children", "--stdio", "-g", "none"]
        command += ["-F", "overhead,dso,sym", "-t", ";"]
        report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    show([row for line in report.splitlines() if (row := parse(line))])


def sample(path):
    """Record with perf a server that pushes a message to all clients every 50 ms."""
    rival = ours()
    with rival.start() as server, rival.crowd(server.port, [CHANNEL] * CLIENTS, False) as crowd:
        get(server.port, f"/paced/10/{INTERVAL_SECONDS}/{CHANNEL}")
        crowd.read_until(10)
        pids = ",".join(str(one.pid) for one in server.family.processes)
        command = ["perf", "record", "-q", "-g", "-F", "4999", "-p", pids, "-o", path]
        watching = subprocess.Popen(command)
        get(server.port, f"/paced/{COUNT}/{INTERVAL_SECONDS}/{CHANNEL}")
        crowd.read_until(COUNT)
        watching.terminate()
        watching.wait()


def parse(line):
    share, *rest = line.split(";")
    if len(rest) != 2 or not share.strip().endswith("%"):
        return None
    return float(share.strip().rstrip("%")), rest[0].strip(), rest[1].strip()


def show(rows):
    by_part = collections.Counter()
    for share, part, _ in rows:
        by_part[part] += share
    print("CPU of the server by library:")
    for part, share in by_part.most_common(6):
        print(f"{share:6.1f} %  {part}")
    print("CPU of the server by function:")
    for share, part, function in rows[:15]:
        print(f"{share:6.1f} %  {function}  {'' if part == KERNEL else part}")


if __name__ == "__main__":
    main()
