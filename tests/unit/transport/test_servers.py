"""What each WSGI server wants."""

import os
import signal
import socket
from types import SimpleNamespace

import pytest

from flask_realtime.transport import servers
from flask_realtime.transport.servers import UnsupportedServer, client_socket


@pytest.fixture
def sock():
    one, other = socket.socketpair()
    with one, other:
        yield one


@pytest.mark.parametrize("key", ["werkzeug.socket", "gunicorn.socket"])
def test_servers_hand_over_the_socket_of_the_request(sock, key):
    """The development server and gunicorn's threaded workers say which socket the request has."""
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
        ({"SERVER_SOFTWARE": "waitress"}, "does not hand over"),
        ({}, "does not hand over"),
    ],
)
def test_servers_that_cannot_are_named_with_what_to_use(environ, why):
    """A server under which sockets cannot work is refused, with the command of one that can."""
    with pytest.raises(UnsupportedServer, match=why) as refusal:
        client_socket(environ)

    assert "gunicorn -k gevent" in str(refusal.value)


class StoppingWorker:
    """What a process looks like from inside a gunicorn worker."""

    def __init__(self, **settings):
        self.alive = True
        self.pid = os.getpid()
        self.cfg = SimpleNamespace(graceful_timeout=30, workers=1, **settings)

    def handle_exit(self, signum, frame):
        self.alive = False


@pytest.fixture
def worker(request):
    """A worker whose signal handler is installed, as gunicorn installs it."""
    before = signal.getsignal(signal.SIGTERM)
    worker = StoppingWorker(threads=8, worker_connections=1000)
    signal.signal(signal.SIGTERM, worker.handle_exit)
    yield worker
    signal.signal(signal.SIGTERM, before)


def test_servers_see_gunicorn_stop(worker):
    """A worker that was told to stop is seen, without a hook in gunicorn's configuration."""
    before = servers.is_stopping()

    signal.raise_signal(signal.SIGTERM)

    assert not before
    assert servers.is_stopping()


def test_servers_leave_room_for_pages(worker):
    """Sockets may take four fifths of a gevent worker's connections, and all threads but one."""
    of_gevent = servers.socket_capacity()
    worker.tpool = object()
    of_gthread = servers.socket_capacity()

    assert of_gevent == 800
    assert of_gthread == 7


def test_servers_know_of_other_workers(worker):
    """Whether memory reaches every page of the app depends on how many processes serve it."""
    alone = servers.has_other_workers()
    worker.cfg.workers = 2

    assert not alone
    assert servers.has_other_workers()


def test_servers_tell_a_worker_from_what_it_forks(worker):
    """A child has its parent's signal handlers, and serves nothing."""
    serves = servers.serves_requests()
    worker.pid += 1

    assert serves
    assert not servers.serves_requests()


def test_servers_know_nothing_of_a_plain_process():
    """Outside of gunicorn there is no limit, no stop to be seen, and no other process."""
    assert servers.socket_capacity() is None
    assert servers.graceful_seconds() is None
    assert not servers.is_stopping()
    assert not servers.has_other_workers()
