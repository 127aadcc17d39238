"""A process that pushes through Redis."""

from __future__ import annotations

import subprocess
import sys

from . import cores
from .servers import APPS, environment


class Pusher:
    """Pushes when it is told to, on the server's core.

    :param kind: what pushes; see ``apps/pusher.py``.
    :param redis_url: of the Redis.
    :param channels: to how many channels it pushes.
    :param count: how many messages it pushes.
    """

    def __init__(self, kind, redis_url, channels, count, **environ):
        self._process = subprocess.Popen(
            [sys.executable, "pusher.py", kind, redis_url, str(channels), str(count)],
            cwd=APPS,
            env=environment(**environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: cores.pin(cores.SERVER),
        )

    def __enter__(self):
        self._process.stdout.readline()
        return self

    def __exit__(self, *exc_info):
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()

    def begin(self):
        """Let it push."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def seconds(self):
        """Wait until all is pushed; return how many seconds that took."""
        return float(self._process.stdout.readline())
