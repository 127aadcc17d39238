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


@pytest.fixture
def serve(settings):  # noqa: F811 - the fixture
    """Return a function that starts a server for an app of this folder, until the test ends.

    ``serve("rooms:app")`` is gunicorn's gevent worker with the registry in memory; *kind*,
    *registry* and settings such as ``MAX_CONNECTIONS=2`` may be given.
    """
    running = []

    def serve(app, kind="gevent", registry="memory", workers=1, environ=None, **options):
        server = ServerProcess(
            kind,
            app,
            workers=workers,
            folder=APPS,
            **settings(registry, **options),
            **(environ or {}),
        )
        running.append(server.__enter__())
        return server

    yield serve
    for server in running:
        server.__exit__(None, None, None)


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
