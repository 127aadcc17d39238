"""Forks servers off a process that has imported flask_realtime and what it needs.

Most of the processor time of a server's start goes into imports, and the tests start hundreds of
servers. One such process, of all workers of pytest-xdist, is for servers on greenlets: it has
gevent patch Python before it imports anything else, as gunicorn does. One is for servers on
threads. Others have SQLAlchemy too, for the apps that use it: flask_realtime looks whether it was
imported. Each server imports the app, and what else that uses; one of another kind, everything.
"""

from __future__ import annotations

import _socket
import array
import atexit
import contextlib
import ctypes
import functools
import gc
import hashlib
import importlib
import json
import os
import pathlib
import re
import runpy
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import types

MODULES = (
    "flask_realtime",
    "flask_realtime.registries.memory.registry",
    "flask_realtime.registries.redis",
    "redis",
    "gunicorn.app.wsgiapp",
    "gunicorn.glogging",
    # Of what Python imports for the first request.
    "encodings.idna",
)
# What further modules the servers have, by what they run on.
SERVERS = {
    "greenlets": ("gunicorn.workers.ggevent", "gevent.pywsgi"),
    "threads": ("gunicorn.workers.gthread", "flask.cli", "werkzeug.serving"),
}
RUNS_ON = {"gevent": "greenlets", "pywsgi": "greenlets", "gthread": "threads", "dev": "threads"}
DATABASE = "flask_sqlalchemy"
ROOT = pathlib.Path(__file__).parents[2]
# What an order for a server may have, in bytes: its environment is the most of it.
MOST = 150_000
# How long a process that forks servers waits for somebody who needs it, when nobody does.
LAST_LOOK_MS = 100
# How the names of environment variables begin that Python, gevent or the C library read when they
# start: a fork would not heed them. PYTHONPATH and MALLOC_ARENA_MAX are heeded below.
READ_EARLY = ("PYTHON", "GEVENT", "MALLOC_", "GLIBC_", "LD_")
HEEDED = ("PYTHONPATH", "MALLOC_ARENA_MAX")
# Process, user and group of who has made a connection.
CREDENTIALS = struct.Struct("3i")
# Of glibc's malloc.h, and of Linux' prctl.h.
M_ARENA_MAX = -8
PR_SET_PDEATHSIG = 1


def can_fork(kind, app, environ):
    """Return whether a server can be forked off.

    :param app: module and name of the app; the module may not be called like one of Python's.
    :param environ: further environment variables of the server.
    """
    has_descriptors = hasattr(os, "pidfd_open") and hasattr(socket, "SOCK_SEQPACKET")
    is_imported = app.partition(":")[0] in sys.stdlib_module_names
    return (
        has_descriptors
        and kind in RUNS_ON
        and not (is_imported or any(map(_is_read_early, environ)))
    )


def _is_read_early(name):
    return name.startswith(READ_EARLY) and name not in HEEDED


def uses_database(app, folder):
    """Return whether an app, or the module of its models beside it, imports SQLAlchemy."""
    files = [pathlib.Path(folder, f"{name}.py") for name in (app.partition(":")[0], "models")]
    line = re.compile(rf"^(from|import) {DATABASE}\b", re.M)
    return any(line.search(file.read_text()) for file in files if file.exists())


class Forked:
    """A process that runs a server: as much of ``subprocess.Popen`` as is needed.

    :param kind: the kind of the server.
    :param app: module and name of the app.
    :param words: what follows ``python`` on its command line, ``-m`` or ``-c`` first.
    :param cwd: the working directory.
    :param env: all environment variables.
    :param log: a file for all that it prints.
    """

    def __init__(self, kind, app, words, cwd, env, log):
        text = json.dumps({"words": words, "cwd": str(cwd), "environ": env}).encode()
        nursery = _nursery(RUNS_ON[kind], *[DATABASE] * uses_database(app, cwd))
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
            raise subprocess.TimeoutExpired("python", seconds)

    def send_signal(self, signum):
        signal.pidfd_send_signal(self._fd, signum)

    def _ends_within(self, seconds):
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return bool(poll.poll(None if seconds is None else 1000 * seconds))


@functools.lru_cache
def _nursery(basis, *libraries):
    """Return a connection to the process that forks servers for all processes of this run of the
    tests: the first that needs one starts it, and the last that goes away ends it.

    :param basis: what the servers run on, greenlets or threads.
    :param libraries: what their apps use beside flask_realtime.
    """
    address = address_of(basis, *libraries)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                bell.connect(address)
                socket.send_fds(bell, [b"."], [theirs.fileno()])
                atexit.register(ours.close)
                return ours
            _start(address, basis, *libraries)


def address_of(basis, *libraries):
    """Return where such a process takes connections of this run of the tests."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    name = hashlib.sha256("\n".join([run, str(ROOT), basis, *libraries]).encode()).hexdigest()
    # Linux takes it as a name that ends with its socket, and not as a file.
    return f"\0tests-{name}"


def _start(address, *arguments):
    """Start a process that forks servers, unless another process is just doing so."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        try:
            door.bind(address)
        except OSError:
            return
        door.set_inheritable(True)
        os.posix_spawn(
            sys.executable,
            [sys.executable, __file__, str(door.fileno()), *arguments],
            {**os.environ, "PYTHONUNBUFFERED": "1"},
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
        )


def serve_orders(fd, basis, *libraries):
    """Fork a server for each order, and answer with its process id and a descriptor of it.

    Returns in each of the forks, too, once it has served.
    """
    # Ctrl-C is for those who run the tests.
    os.setsid()
    if basis == "greenlets":
        importlib.import_module("gevent.monkey").patch_all()
    sys.path.insert(0, str(ROOT))
    for name in (*MODULES, *SERVERS[basis], *libraries):
        importlib.import_module(name)
    del sys.path[0]
    # The collector of each fork would look through all that was imported, and so copy it.
    gc.freeze()
    # Of the class below the one that gevent patches, which would wait in its loop.
    door = _socket.socket(fileno=fd)
    poll = original("select", "poll")()
    poll.register(door, select.POLLIN)
    clients = {}
    while found := poll.poll(None if clients else LAST_LOOK_MS):
        for number, _ in found:
            if number == door.fileno():
                if client := admit(door):
                    clients[client.fileno()] = client
                    poll.register(client, select.POLLIN)
            elif order := take_order(clients[number]):
                log, text = order
                pid = original("os", "fork")()
                if pid == 0:
                    for one in (door, *clients.values()):
                        one.close()
                    return become_server(log, **json.loads(text))
                os.close(log)
                hand_over(clients[number], pid)
                reap()
            else:
                poll.unregister(number)
                clients.pop(number).close()


def admit(door):
    """Return the connection of who rings at the door; None: it is somebody else's.

    Every user of the machine may ring, and an order may be any code.
    """
    _, extra, _, _ = door.recvmsg(1, _socket.CMSG_LEN(4))
    with contextlib.suppress(IndexError, OSError):
        fd = fd_in(extra)
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            os.close(fd)
            return None
        client = _socket.socket(fileno=fd)
        made_by = client.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, CREDENTIALS.size)
        return client if CREDENTIALS.unpack(made_by)[1] == os.getuid() else None
    return None


def take_order(client):
    """Return the descriptor of a log, and what is to be started; None: the client has gone."""
    text, extra, _, _ = client.recvmsg(MOST, _socket.CMSG_SPACE(4))
    return (fd_in(extra), text) if text else None


def fd_in(extra):
    """Return the descriptor that came with a message."""
    return array.array("i", extra[0][2])[0]


def hand_over(client, pid):
    """Tell a client which process it has got."""
    process = os.pidfd_open(pid)
    rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [process]))
    with contextlib.suppress(OSError):
        client.sendmsg([str(pid).encode()], [rights])
    os.close(process)


def original(module, name):
    """Return a function of Python's own: gevent's would begin its loop here."""
    if "gevent" in sys.modules:
        return sys.modules["gevent.monkey"].get_original(module, name)
    return getattr(importlib.import_module(module), name)


def reap():
    """Let go of servers that have ended, of which no descriptor is needed to tell so."""
    with contextlib.suppress(ChildProcessError):
        while os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
            pass


def become_server(log, words, cwd, environ):
    """Be a server, as if it had been started by its command line, and end as it ends."""
    os.setsid()
    # Those who run the tests may be killed, and end no server.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for fd in (1, 2):
        os.dup2(log, fd)
    os.close(log)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    if arenas := environ.get("MALLOC_ARENA_MAX"):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, int(arenas))
    # As "python -m" and "python -c" would have it.
    sys.path[:0] = [os.getcwd(), *environ["PYTHONPATH"].split(os.pathsep)]
    option, program, *words = words
    if option == "-c":
        sys.argv = ["-c", *words]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(program, vars(main))
    else:
        # gunicorn takes for its default where it was imported.
        place = ["--chdir", os.getcwd()] if program == "gunicorn" else []
        sys.argv = [program, *place, *words]
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    # Where this file is, beside modules that might hide others.
    del sys.path[0]
    serve_orders(int(sys.argv[1]), *sys.argv[2:])
