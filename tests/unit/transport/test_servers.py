"""The WSGI servers: their sockets, stop signals and capacity."""

import io
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import click
import flask
import pytest
from click.testing import CliRunner
from flask.cli import FlaskGroup, ScriptInfo, run_command

from flask_realtime.transport import servers
from flask_realtime.transport.servers import UnsupportedServer, client_socket


@pytest.fixture
def sock():
    one, other = socket.socketpair()
    with one, other:
        yield one


@pytest.mark.parametrize("key", ["werkzeug.socket", "gunicorn.socket"])
def test_servers_hand_over_the_socket_of_the_request(sock, key):
    """The development server and gunicorn's threaded workers give access to the request's
    socket."""
    environ = {key: sock, "wsgi.multithread": True}

    assert client_socket(environ) is sock


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"gunicorn.socket": None, "wsgi.multithread": False}, "one request at a time"),
        ({"werkzeug.socket": None, "wsgi.multithread": False}, "one request at a time"),
        ({"gunicorn.sock": None, "wsgi.multithread": True}, "gevent_pywsgi"),
        ({"HTTP_VERSION": "2", "gunicorn.socket": None, "wsgi.multithread": True}, "HTTP/2"),
        ({"SERVER_SOFTWARE": "gevent/26.9 Python/3.11"}, "patch_all"),
        ({"SERVER_SOFTWARE": "waitress"}, "does not give apps access"),
        ({}, "does not give apps access"),
    ],
)
def test_servers_that_cannot_are_named_with_what_to_use(environ, why):
    """A server without usable sockets is refused, with commands of servers that work."""
    with pytest.raises(UnsupportedServer, match=why) as refusal:
        client_socket(environ)

    assert "gunicorn -k gevent" in str(refusal.value)


class OfEventlet:
    """A socket with the module name of eventlet."""


OfEventlet.__module__ = "eventlet.greenio.base"


def test_servers_of_eventlet_are_refused():
    """gunicorn up to version 25 had an eventlet worker, whose sockets are refused."""
    with pytest.raises(UnsupportedServer, match="eventlet"):
        client_socket({"gunicorn.socket": OfEventlet(), "wsgi.multithread": True})


def test_server_of_gevent_behind_a_middleware_that_wraps_the_input_is_refused(monkeypatch):
    """A middleware has replaced the request's input. The refusal names it, without a traceback."""
    patched = SimpleNamespace(is_module_patched=lambda name: True)
    monkeypatch.setitem(sys.modules, "gevent.monkey", patched)
    environ = {"SERVER_SOFTWARE": "gevent/26.9 Python/3.11", "wsgi.input": io.BytesIO()}

    with pytest.raises(UnsupportedServer, match="LintMiddleware"):
        client_socket(environ)


class StoppingWorker:
    """A process as it looks from inside a gunicorn worker."""

    def __init__(self, **settings):
        self.alive = True
        self.pid = os.getpid()
        self.cfg = SimpleNamespace(graceful_timeout=30, workers=1, **settings)

    def handle_exit(self, signum, frame):
        self.alive = False

    def handle_abort(self, signum, frame):
        """What gunicorn calls in a worker that is silent for too long."""


@pytest.fixture
def worker():
    """A worker with its signal handlers installed as by gunicorn."""
    worker = StoppingWorker(threads=8, worker_connections=1000)
    handlers = {signal.SIGTERM: worker.handle_exit, signal.SIGABRT: worker.handle_abort}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield worker
    for number, handler in before.items():
        signal.signal(number, handler)


def test_servers_see_a_worker_whose_handler_the_app_has_wrapped(worker):
    """The app has put its own signal handler in front of gunicorn's. The worker is still
    recognised."""
    inner = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda number, frame: inner(number, frame))

    signal.raise_signal(signal.SIGTERM)

    assert servers.is_stopping()
    assert servers.socket_capacity() == 800


HIDDEN = """
import os, signal
from gunicorn.config import Config
from gunicorn.workers.base import Worker
from flask_realtime.transport import servers

worker = Worker(1, 1, [], None, 30, Config(), None)
worker.pid = os.getpid()
worker.cfg.set("worker_connections", 10)
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, lambda *_: None)
of_worker = servers.socket_capacity()
child = os.fork()
if child == 0:
    os._exit(servers.socket_capacity() is None)
print(of_worker, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_servers_see_a_worker_all_of_whose_handlers_are_the_apps():
    """The app has replaced all signal handlers. The worker is found among its process's objects,
    and a process that it forks is not a worker."""
    found = subprocess.run(
        [sys.executable, "-c", HIDDEN], check=True, capture_output=True, text=True
    )

    assert found.stdout.split() == ["8", "1"]


def test_servers_see_gunicorn_stop(worker):
    """A worker that was told to stop is recognised without a hook in gunicorn's configuration."""
    before = servers.is_stopping()

    signal.raise_signal(signal.SIGTERM)

    assert not before
    assert servers.is_stopping()


def test_servers_leave_room_for_pages(worker):
    """Sockets may use four fifths of a worker's connections, and all threads but one. For a gthread
    worker, which has both limits, the smaller counts."""
    of_gevent = servers.socket_capacity()
    worker.tpool = object()
    of_gthread = servers.socket_capacity()
    worker.cfg.worker_connections = 8
    of_few_connections = servers.socket_capacity()

    assert of_gevent == 800
    assert of_gthread == 7
    assert of_few_connections == 6


def test_servers_know_of_other_workers(worker):
    """The number of processes decides whether the memory registry reaches every page."""
    alone = servers.has_other_workers()
    worker.cfg.workers = 2

    assert not alone
    assert servers.has_other_workers()


def test_servers_tell_a_worker_from_what_it_forks(worker):
    """A forked child has its parent's signal handlers, but serves no requests."""
    serves = servers.serves_requests()
    worker.pid += 1

    assert serves
    assert not servers.serves_requests()


def test_servers_know_nothing_of_a_plain_process():
    """Outside of gunicorn no limit, stop or other process is known."""
    assert servers.socket_capacity() is None
    assert servers.graceful_seconds() is None
    assert not servers.is_stopping()
    assert not servers.has_other_workers()


def test_servers_know_what_a_worker_forks_for_one_that_never_serves(worker):
    """A process that a worker forks, by multiprocessing for example, never serves."""
    of_worker = servers.never_serves()
    worker.pid += 1

    assert not of_worker
    assert servers.never_serves()


def test_servers_know_a_command_for_one_that_never_serves(monkeypatch):
    """``flask seed`` never serves; for ``flask run`` that is not known while it imports the app."""
    # Flask sets this variable for good, and the next test's app.run() would do nothing.
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "")
    app, seen = flask.Flask("app"), {}
    group = FlaskGroup(create_app=lambda: seen.setdefault("import", servers.never_serves()) or app)
    app.cli.command("seed")(lambda: seen.setdefault("seed", servers.never_serves()))
    serve = click.Context(run_command, parent=click.Context(group, obj=ScriptInfo()))

    CliRunner().invoke(group, ["seed"], catch_exceptions=False)
    with serve:
        seen["run"] = servers.never_serves()
    with click.Context(click.Command("manage.py")):
        seen["another program"] = servers.never_serves()

    assert seen == {"import": False, "seed": True, "run": False, "another program": False}
    assert not servers.never_serves()


@pytest.mark.parametrize(
    ("program", "never"),
    [
        ("/usr/bin/celery", True),
        ("/usr/lib/python3/celery/__main__.py", True),
        ("/usr/bin/rq", True),
        ("huey_consumer.py", True),
        ("/usr/bin/flask", False),
        ("app.py", False),
        ("/srv/site/__main__.py", False),
        ("", False),
    ],
)
def test_servers_know_a_job_queue_for_one_that_never_serves(monkeypatch, program, never):
    """The worker of a job queue imports the app, pushes, and never opens a port."""
    monkeypatch.setattr(sys, "argv", [program, "worker"])

    assert servers.never_serves() is never
