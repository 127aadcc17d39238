"""Forks servers of gunicorn off a process that has imported flask_realtime and what it needs.

Most of the processor time of a server's start goes into imports, and the tests start hundreds of
servers. Such a process has gevent patch Python before it imports anything else, as gunicorn does.
Another one has SQLAlchemy too, for the apps that use it: flask_realtime looks whether it was
imported. The app, and what else it uses, are imported by each worker. Servers of other kinds import
everything themselves.
"""

from __future__ import annotations

import _socket
import array
import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pathlib
import re
import runpy
import select
import signal
import socket
import subprocess
import sys

MODULES = ("flask_realtime", "flask_realtime.registries.redis", "redis", "gunicorn.app.wsgiapp")
WORKERS = {"gevent": "gunicorn.workers.ggevent", "gthread": "gunicorn.workers.gthread"}
DATABASE = "flask_sqlalchemy"
ROOT = pathlib.Path(__file__).parents[2]
# What an order for a server may have, in bytes: its environment is the most of it.
MOST = 150_000
# How the names of environment variables begin that Python, gevent or the C library read when they
# start: a fork would not heed them.
READ_EARLY = ("PYTHON", "GEVENT", "MALLOC_", "GLIBC_", "LD_")


def can_fork(kind, app, environ):
    """Return whether a server can be forked off.

    :param app: module and name of the app; the module may not be called like one of Python's.
    :param environ: further environment variables of the server.
    """
    has_descriptors = hasattr(os, "pidfd_open") and hasattr(socket, "SOCK_SEQPACKET")
    is_imported = app.partition(":")[0] in sys.stdlib_module_names
    return (
        has_descriptors
        and kind in WORKERS
        and not (is_imported or any(map(_is_read_early, environ)))
    )


def _is_read_early(name):
    return name.startswith(READ_EARLY) and name != "PYTHONPATH"


def uses_database(app, folder):
    """Return whether an app, or the module of its models beside it, imports SQLAlchemy."""
    files = [pathlib.Path(folder, f"{name}.py") for name in (app.partition(":")[0], "models")]
    line = re.compile(rf"^(from|import) {DATABASE}\b", re.M)
    return any(line.search(file.read_text()) for file in files if file.exists())


class Forked:
    """A process that runs ``python -m gunicorn``: as much of ``subprocess.Popen`` as is needed.

    :param kind: the kind of gunicorn's workers.
    :param app: module and name of the app.
    :param words: what follows ``gunicorn`` on its command line.
    :param cwd: the working directory.
    :param env: all environment variables.
    :param log: a file for all that it prints.
    """

    def __init__(self, kind, app, words, cwd, env, log):
        text = json.dumps({"words": words, "cwd": str(cwd), "environ": env}).encode()
        nursery = _nursery(kind, *[DATABASE] * uses_database(app, cwd))
        socket.send_fds(nursery, [text], [log.fileno()])
        pid, (self._fd,), _, _ = socket.recv_fds(nursery, 20, 1)
        self.pid = int(pid)

    def __del__(self):
        with contextlib.suppress(AttributeError):
            os.close(self._fd)

    def poll(self):
        """Return None while the process runs; the status of one that has ended is not known."""
        return 0 if self._ends_within(0) else None

    def wait(self, seconds=None):
        if not self._ends_within(seconds):
            raise subprocess.TimeoutExpired("gunicorn", seconds)

    def send_signal(self, signum):
        signal.pidfd_send_signal(self._fd, signum)

    def _ends_within(self, seconds):
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(None if seconds is None else 1000 * seconds))


@functools.lru_cache
def _nursery(kind, *libraries):
    """Return the socket of a process that forks servers of one kind until it is closed.

    :param libraries: what their apps use beside flask_realtime.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno()), kind, *libraries],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    atexit.register(_end, ours, process)
    return ours


def _end(ours, process):
    ours.close()
    process.wait()


def serve_orders(fd, kind, *libraries):
    """Fork a server for each order, and answer with its process id and a descriptor of it.

    Returns in each of the forks, too, once it has served.
    """
    if kind == "gevent":
        importlib.import_module("gevent.monkey").patch_all()
    sys.path.insert(0, str(ROOT))
    for name in (*MODULES, WORKERS[kind], *libraries):
        importlib.import_module(name)
    del sys.path[0]
    # The collector of each fork would look through all that was imported, and so copy it.
    gc.freeze()
    # Of the class below the one that gevent patches, which would wait in its loop.
    orders = _socket.socket(fileno=fd)
    while True:
        text, extra, _, _ = orders.recvmsg(MOST, _socket.CMSG_SPACE(4))
        if not text:
            return
        log = array.array("i", extra[0][2])[0]
        pid = fork()
        if pid == 0:
            orders.close()
            return become_gunicorn(log, **json.loads(text))
        os.close(log)
        process = os.pidfd_open(pid)
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [process]))
        orders.sendmsg([str(pid).encode()], [rights])
        os.close(process)
        reap()


def fork():
    """Fork as Python does: gevent's own would begin its loop here."""
    if "gevent" in sys.modules:
        return sys.modules["gevent.monkey"].get_original("os", "fork")()
    return os.fork()


def reap():
    """Let go of servers that have ended, of which no descriptor is needed to tell so."""
    with contextlib.suppress(ChildProcessError):
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
            pass


def become_gunicorn(log, words, cwd, environ):
    """Be gunicorn, as if it had been started by its command line, and end as it ends."""
    os.setsid()
    for fd in (1, 2):
        os.dup2(log, fd)
    os.close(log)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    # As "python -m" would have it.
    sys.path[:0] = [os.getcwd(), *environ["PYTHONPATH"].split(os.pathsep)]
    # gunicorn takes for its default where it was imported.
    sys.argv = ["gunicorn", "--chdir", os.getcwd(), *words]
    runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # Where this file is, beside modules that might hide others.
    del sys.path[0]
    serve_orders(int(sys.argv[1]), *sys.argv[2:])
