"""Starts servers as processes of their own, one for each kind that is supported."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request

from tests.eventually import DEADLINE, eventually
from tests.ports import free_port

from .forked import Forked, can_fork

APPS = pathlib.Path(__file__).parent / "apps"
ROOT = pathlib.Path(__file__).parents[2]
# A server that a test no longer needs is killed after so many seconds.
STOP_SECONDS = 15.0
# Settings of every server: one with open sockets stops soon at the end of a test, and Redis is
# always there, though the machine may be slow.
SETTINGS = {"REALTIME_DRAIN_SECONDS": "0.2", "REALTIME_REDIS_TIMEOUT_SECONDS": str(DEADLINE)}
SETTINGS |= {f"FLASK_{name}": value for name, value in SETTINGS.items()}

PATCH = "from gevent import monkey; monkey.patch_all()"
# gevent's server then has TLS sockets that are none of Python's.
PATCH_ALL_BUT_SSL = "from gevent import monkey; monkey.patch_all(ssl=False)"
PYWSGI = """
import importlib, sys
from gevent.pywsgi import WSGIServer
module, _, name = sys.argv[2].partition(":")
app = getattr(importlib.import_module(module), name)
tls = dict(zip(("certfile", "keyfile"), sys.argv[3:]))
WSGIServer(("127.0.0.1", int(sys.argv[1])), app, **tls).serve_forever()
"""


def command(kind: str, app: str, port: int, workers: int, tls: tuple[str, str] | None) -> list[str]:
    """Return the command for one kind of server, as the README gives it."""
    python, bind = sys.executable, f"127.0.0.1:{port}"
    gunicorn = [python, "-m", "gunicorn", "-b", bind, "-w", str(workers), "--access-logfile", "-"]
    if tls:
        gunicorn += ["--certfile", tls[0], "--keyfile", tls[1]]
    flask = [python, "-m", "flask", "--app", app, "run", "--port", str(port)]
    if tls:
        flask += ["--cert", tls[0], "--key", tls[1]]
    return {
        "gevent": [*gunicorn, "-k", "gevent", app],
        "gthread": [*gunicorn, "-k", "gthread", "--threads", "40", app],
        "sync": [*gunicorn, app],
        "gthread-of-one": [*gunicorn, "-k", "gthread", app],
        "gevent_pywsgi": [*gunicorn, "-k", "gevent_pywsgi", app],
        "pywsgi": [python, "-c", PATCH + PYWSGI, str(port), app, *(tls or ())],
        "pywsgi-own-tls": [python, "-c", PATCH_ALL_BUT_SSL + PYWSGI, str(port), app, *(tls or ())],
        "pywsgi-unpatched": [python, "-c", PYWSGI, str(port), app],
        "dev": flask,
        "app.run": [python, "-m", app.partition(":")[0], str(port)],
        "dev-debug": [*flask, "--debug"],
    }[kind]


def launch(kind, app, words, folder, environ, log):
    """Start a server in a session of its own: it is forked off, if that can be.

    :param kind: which server, as for :class:`ServerProcess`.
    :param app: module and name, as gunicorn takes them.
    :param words: the command line.
    :param folder: the working directory, in which the module is.
    :param environ: more environment variables.
    :param log: a file for all that it prints.
    :returns: a ``subprocess.Popen``, or as much of it as tests need.
    """
    path = f"{folder}{os.pathsep}{ROOT}"
    env = {**os.environ, **environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    if can_fork(kind, app, environ):
        return Forked(kind, app, words[1:], folder, env, log)
    return subprocess.Popen(
        words,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


class ServerProcess:
    """A server that runs on a port of its own, and whose output is kept.

    It is killed at the end of its ``with`` block; a test about stopping calls :meth:`stop`.

    :param kind: which server: gevent, gthread, pywsgi, pywsgi-own-tls, dev, dev-debug, app.run; or
        one that cannot hold sockets: sync, gthread-of-one, gevent_pywsgi, pywsgi-unpatched.
    :param app: module and name, as gunicorn takes them.
    :param workers: how many worker processes gunicorn has.
    :param options: more for gunicorn's command line.
    :param tls: the paths of a certificate and its key, for a server with TLS.
    :param folder: the working directory, in which the module is.
    :param port: of a server that was stopped, if this one takes its place.
    :param environ: more environment variables.
    """

    def __init__(
        self,
        kind,
        app="main:app",
        workers=1,
        options=(),
        tls=None,
        folder=APPS,
        port=None,
        **environ,
    ):
        self.kind = kind
        self.port = port or free_port()
        self.scheme = "https" if tls else "http"
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed in __exit__
        words = [*command(kind, app, self.port, workers, tls), *options]
        # Where the environment has a setting, too, it counts.
        more = {name: value for name, value in SETTINGS.items() if name not in os.environ}
        self._process = launch(kind, app, words, folder, {**more, **environ}, self._log)

    def __enter__(self) -> ServerProcess:
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop(signal.SIGKILL)
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        if any(exc_info):
            # pytest shows it with the test that failed.
            print(f"The end of the log of {self.kind} at {self.url}:\n{self.log()[-4000:]}")
        # A graceful end takes gunicorn some seconds while a browser keeps a connection alive.
        self.stop(signal.SIGKILL)
        self._log.close()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        eventually(self._answers, explain=self.log)

    def stop(self, signum: int = signal.SIGTERM, seconds: float = STOP_SECONDS) -> bool:
        """Send a signal, and kill what is left of the server after *seconds*.

        :returns: whether the server had ended by then.
        """
        if self.is_running:
            self._process.send_signal(signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        has_ended = not self.is_running
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        # A worker that is still dying would accept connections meant for the next server on this
        # port.
        eventually(lambda: not self._is_open())
        return has_ended

    def signal(self, signum: int) -> None:
        self._process.send_signal(signum)

    def log(self) -> str:
        """Return all that the server has printed."""
        return os.pread(self._log.fileno(), 10_000_000, 0).decode(errors="replace")

    def _answers(self) -> bool:
        if not self.is_running:
            raise AssertionError(f"The server ended at once:\n{self.log()}")
        return self._is_open()

    def _is_open(self) -> bool:
        return is_open(self.port)


def is_open(port: int) -> bool:
    """Return whether something listens on a port."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=DEADLINE) as response:
        return response.read().decode()
