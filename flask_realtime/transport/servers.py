"""What differs between WSGI servers: where their sockets are, how many a process may hold, and how
it is told to stop.

No other module knows a server by its name.
"""

from __future__ import annotations

import gc
import os
import pathlib
import signal
import sys
from typing import TYPE_CHECKING, Any

import click
from flask.cli import ScriptInfo, run_command

from ..threads.fork import ForkLocal

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Those that gunicorn's workers handle, by methods of their own.
_SIGNALS_OF_WORKERS = (
    signal.SIGTERM,
    signal.SIGABRT,
    signal.SIGWINCH,
    signal.SIGUSR1,
    signal.SIGQUIT,
    signal.SIGINT,
)
# Pages need slots of a worker too: a share of them is never given to sockets.
SHARE_OF_CONNECTIONS = 0.8

# Programs that run jobs and never a server; the app is imported there all the same.
JOB_WORKERS = frozenset(["celery", "dramatiq", "huey_consumer", "rq"])

SUPPORTED = (
    "Run the app with gunicorn's gevent worker (gunicorn -k gevent), its gthread worker "
    "(gunicorn -k gthread --threads 32), gevent's own WSGI server, or 'flask run'."
)


class UnsupportedServer(Exception):
    """This server can't hand its socket over; the text says why, and what to use."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} {SUPPORTED}")


class OneAtATime(UnsupportedServer):
    """This server would stand still under its first socket."""

    def __init__(self) -> None:
        super().__init__(
            "This server handles one request at a time, so that one open socket would stop it."
        )


def client_socket(environ: WSGIEnvironment) -> Any:
    """Return the TCP or TLS socket of a request.

    :param environ: the WSGI environ of the request.

    :raises UnsupportedServer: if the server does not offer it, or would stand still under it.
    """
    if environ.get("HTTP_VERSION") == "2" or environ.get("SERVER_PROTOCOL") == "HTTP/2":
        raise UnsupportedServer("A WebSocket over HTTP/2 (RFC 8441) is not supported.")
    for key in ("werkzeug.socket", "gunicorn.socket"):
        if key in environ:
            if not environ.get("wsgi.multithread"):
                raise OneAtATime()
            return _of_threads(environ[key])
    if "gunicorn.sock" in environ:
        raise UnsupportedServer("gunicorn's gevent_pywsgi worker can't close a socket properly.")
    if environ.get("SERVER_SOFTWARE", "").startswith("gevent"):
        return _pywsgi_socket(environ)
    raise UnsupportedServer("This server does not give apps access to its sockets.")


def gunicorn_worker() -> Any:
    """Return the gunicorn worker that this process is; None if it is none.

    A process that a worker has forked is none.
    """
    worker = _worker_of_handlers()
    if worker is None:
        # An app has handlers of its own for all signals.
        return _hidden_worker.get()[0]
    return worker if worker.pid == os.getpid() else None


def describe() -> str | None:
    """Return the name of the server whose worker this process is; None if that cannot be told."""
    worker = gunicorn_worker()
    return None if worker is None else f"gunicorn, {type(worker).__name__}"


def socket_capacity() -> int | None:
    """Return how many sockets this process can hold and still answer requests.

    :returns: None if no limit is known; 0 in a gthread worker of gunicorn's that has one thread, as
        one has that was told of none.
    """
    worker = gunicorn_worker()
    if worker is None:
        return None
    # A gthread worker has both limits, and accepts nobody once it has reached the smaller one.
    of_connections = int(worker.cfg.worker_connections * SHARE_OF_CONNECTIONS)
    if hasattr(worker, "tpool"):
        return min(int(worker.cfg.threads) - 1, of_connections)
    return of_connections


def is_stopping() -> bool:
    """Return whether this process is a gunicorn worker that was told to stop."""
    worker = gunicorn_worker()
    return worker is not None and not worker.alive


def graceful_seconds() -> float | None:
    """Return for how many seconds gunicorn waits for requests at a stop; None elsewhere."""
    worker = gunicorn_worker()
    return None if worker is None else float(worker.cfg.graceful_timeout)


def serves_requests() -> bool:
    """Return whether this process is a server's, as far as it can be told before a request."""
    return gunicorn_worker() is not None


def never_serves() -> bool:
    """Return whether this process certainly serves no request, neither now nor later.

    That is a process which a gunicorn worker forked, a command of the Flask CLI other than
    ``flask run``, and the worker of a job queue.
    """
    return _is_forked_by_worker() or _runs_command() or _is_job_worker()


def is_reloader_parent() -> bool:
    """Return whether this process only watches files, and has another one of itself serve."""
    # Werkzeug loads this module only where it is about to reload.
    has_reloader = "werkzeug._reloader" in sys.modules
    return has_reloader and os.environ.get("WERKZEUG_RUN_MAIN") != "true"


def has_other_workers() -> bool:
    """Return whether other processes serve the same app, as far as the server tells."""
    worker = gunicorn_worker()
    return worker is not None and int(worker.cfg.workers) > 1


def _worker_of_handlers() -> Any:
    """Return the gunicorn worker whose methods handle this process's signals; None: none does.

    An app may have put a handler of its own in place of one of them. A process that a worker has
    forked has the worker's handlers.
    """
    for number in _SIGNALS_OF_WORKERS:
        worker: Any = getattr(signal.getsignal(number), "__self__", None)
        if hasattr(worker, "alive") and hasattr(worker, "cfg"):
            return worker
    return None


def _search_worker() -> tuple[Any]:
    """Return the gunicorn worker that this process is, found among all objects; None: it is none.

    In a tuple, so that a process that has found none need not search again.
    """
    base = sys.modules.get("gunicorn.workers.base")
    if base is None:
        return (None,)
    process = os.getpid()
    # By its type: isinstance asks the object for its class, and a proxy would run code of its own.
    workers = [one for one in gc.get_objects() if issubclass(type(one), base.Worker)]
    return (next((one for one in workers if one.pid == process), None),)


def _of_threads(sock: Any) -> Any:
    if type(sock).__module__.partition(".")[0] == "eventlet":
        raise UnsupportedServer(
            "eventlet's sockets are not supported; eventlet's own maintainers advise against its "
            "use."
        )
    return sock


def _pywsgi_socket(environ: WSGIEnvironment) -> Any:
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        raise UnsupportedServer(
            "gevent's server runs without gevent.monkey.patch_all(): call it in the program's "
            "first line."
        )
    # For an upgrade request pywsgi hands over its raw file; else a wrapper around it.
    stream: Any = environ["wsgi.input"]
    sock = getattr(getattr(getattr(stream, "rfile", stream), "raw", None), "_sock", None)
    if sock is None:
        raise UnsupportedServer(
            "gevent's server gives access to its sockets in 'wsgi.input', which something "
            "between the server and the app has replaced: a middleware, such as werkzeug's "
            "LintMiddleware. Leave that middleware out for handshakes, or change the server."
        )
    return sock


def _is_forked_by_worker() -> bool:
    worker = _worker_of_handlers()
    return worker is not None and worker.pid != os.getpid()


def _runs_command() -> bool:
    context = click.get_current_context(silent=True)
    if context is None or context.find_object(ScriptInfo) is None:
        return False
    # A group runs while it looks for the command that is to run, and imports the app for that.
    return not isinstance(context.command, click.Group) and context.command is not run_command


def _is_job_worker() -> bool:
    program = pathlib.PurePath((getattr(sys, "argv", None) or [""])[0])
    # "python -m celery" runs .../celery/__main__.py.
    name = program.parent.name if program.name == "__main__.py" else program.stem
    return name in JOB_WORKERS


_hidden_worker = ForkLocal(_search_worker)
