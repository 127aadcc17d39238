"""Attacks from outside: each file tells one story, against real servers."""

import itertools
import pathlib
import secrets
import signal

import pytest

from tests.integration.conftest import settings  # noqa: F401 - a fixture
from tests.integration.serving import ServerProcess

from .siege import Siege

APPS = pathlib.Path(__file__).parent / "apps"

_names = (f"h{number}" for number in itertools.count(1))


@pytest.fixture
def channel():
    """Return a channel that no other test uses."""
    return f"{next(_names)}-{secrets.token_hex(3)}"


def servers_of(environ_of, running):
    """Return a function that starts a server for an app of this folder, and adds it to *running*.

    ``serve("rooms:app")`` is gunicorn's gevent worker with the registry in memory; *kind*,
    *registry* and settings such as ``MAX_CONNECTIONS=2`` may be given.
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
    """Return a function that starts a server until the test ends; see :func:`servers_of`."""
    running = []
    yield servers_of(settings, running)
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture(scope="module")
def share(settings):  # noqa: F811 - the fixture
    """Return a function as ``serve``, for tests that leave a server as they found it: all of a
    module that ask for the same one have the same."""
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
    """The folder where an app that holds requests up says that one has arrived, and where a test
    says that it may go; empty."""
    for file in folder_of_holds.iterdir():
        file.unlink()
    return folder_of_holds


@pytest.fixture(params=["gevent", "gthread"])
def besiege(request, settings, channel):  # noqa: F811 - the fixture
    """Return a function that lays siege to a server with such settings, until the test ends."""
    laid = []

    def besiege(**options):
        threads = ("--threads", "100") if request.param == "gthread" else ()
        environ = settings("memory", MAX_CONNECTIONS_PER_SESSION=100, **options)
        server = ServerProcess(request.param, "siege:app", folder=APPS, options=threads, **environ)
        server.__enter__()
        laid.append(server)
        siege = Siege(server, channel)
        laid.append(siege)
        return siege

    yield besiege
    for one in laid:
        # The server first: what its sockets have sent in vain would keep others waiting.
        if isinstance(one, ServerProcess):
            one.stop(signal.SIGKILL)
            one.__exit__()
        else:
            one.close()


@pytest.fixture
def siege(besiege):
    """A siege of a server with the settings that there are by default."""
    return besiege()
