"""Runs a process that pushes through Redis: see ``apps/pusher.py``."""

from __future__ import annotations

import subprocess
import sys

from . import cores
from .servers import APPS, environment


class Pusher:
    """A process on the server's core that pushes when it is told to begin.

    :param kind: the kind of pushes: a key of ``KINDS`` in ``apps/pusher.py``.
    :param redis_url: the address of Redis.
    :param channels: the number of channels to push to.
    :param count: the number of messages to push.
    :param environ: further environment variables of the process.
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
        """Let the process begin to push."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def seconds(self):
        """Wait until all messages are pushed; return how many seconds that took."""
        return float(self._process.stdout.readline())
