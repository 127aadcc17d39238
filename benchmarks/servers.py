"""Servers on a core of their own."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import psutil

from .load import post

APPS = pathlib.Path(__file__).parent / "apps"
ROOT = pathlib.Path(__file__).parents[1]


def cores():
    """The server's core and the load client's."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


class Server:
    """A server process, pinned to the first core.

    :param command: where ``{port}`` stands, the port.
    """

    def __init__(self, command, workers=1, **environ):
        self.port = free_port()
        self._process = subprocess.Popen(
            [part.format(port=self.port, workers=workers) for part in command],
            cwd=APPS,
            env={**os.environ, **environ, "PYTHONPATH": f"{APPS}{os.pathsep}{ROOT}"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if "BENCHMARKS_QUIET" in os.environ else None,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {cores()[0]}),
        )
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                break
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"{command} did not start.")
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def worker(self):
        """The process that serves."""
        return psutil.Process(post(self.port, "/pid")["pid"])


def gunicorn(app, *options):
    """The command of gunicorn with gevent."""
    return [
        sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "{workers}", "-b",
        "127.0.0.1:{port}", "--worker-connections", "20000", "--backlog", "4096",
        "--log-level", "error", *options, app,
    ]  # fmt: skip


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
