"""Each kind of server with each registry that makes sense there, one process group a session."""

import itertools
import json
import re
import secrets

import pytest

from .browsers import Browser
from .serving import ServerProcess

KINDS = [
    ("gevent", "memory"),
    ("gthread", "memory"),
    ("pywsgi", "memory"),
    ("dev", "memory"),
    ("gevent", "redis"),
    ("gthread", "redis"),
    ("pywsgi", "redis"),
    ("dev-debug", "redis"),
]

_names = (f"c{number}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def settings(redis_url):
    """A function from the name of a registry to the settings of the app, as its environment."""

    def settings(registry, **more):
        found = {f"REALTIME_{name}": json.dumps(value) for name, value in more.items()}
        found["REALTIME_REGISTRY"] = json.dumps(registry)
        if registry == "redis":
            found["REALTIME_REDIS"] = json.dumps(redis_url)
            found.setdefault("REALTIME_REDIS_PREFIX", json.dumps(f"t{secrets.token_hex(4)}"))
        return found

    return settings


@pytest.fixture(scope="session", params=KINDS, ids="-".join)
def server(request, settings):
    """A running server; with Redis, gunicorn has two workers."""
    kind, registry = request.param
    has_workers = registry == "redis" and kind in ("gevent", "gthread")
    with ServerProcess(kind, workers=2 if has_workers else 1, **settings(registry)) as server:
        yield server
        log = server.log()
    assert unexpected_tracebacks(log) == []
    assert secrets_in(log) == []


# What views and handlers of the tests' app raise, and Flask logs.
# A handshake that fails is that of who asks whether the server is there, without TLS.
EXPECTED = ("on purpose", "NotSubscribed", "do_handshake")


def unexpected_tracebacks(log):
    """The tracebacks in a server's log, but for those of what the tests' app raises on purpose."""
    pieces = [piece[:4000] for piece in log.split("Traceback (most recent call last)")[1:]]
    return [piece for piece in pieces if not any(one in piece for one in EXPECTED)]


# A whole digest, a session's cookie or key, a password.
SECRET = re.compile(r"\b[0-9a-f]{64}\b|session=ey[\w.-]+|socket_key\W+\w+|a secret of the tests")


def secrets_in(log):
    """What of a server's log nobody should read there; the tests' app has a digest in a path."""
    return [line for line in log.splitlines() if SECRET.search(line) and "/push-to/" not in line]


@pytest.fixture
def browser(server):
    """A browser session of its own."""
    return Browser(server.url)


@pytest.fixture
def channel():
    """A channel that no other test uses."""
    return f"{next(_names)}-{secrets.token_hex(3)}"
