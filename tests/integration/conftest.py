"""Servers for tests: each kind with each registry that it may be used with."""

import itertools
import json
import re
import secrets

import pytest

from tests.eventually import DEADLINE

from .browsers import Browser
from .serving import ServerProcess

PAIRS = [
    ("gevent", "memory"),
    ("gthread", "memory"),
    ("pywsgi", "memory"),
    # The same server as with the debugger, which is told below.
    ("dev", "memory"),
    ("gevent", "redis"),
    ("gthread", "redis"),
    ("pywsgi", "redis"),
    ("dev-debug", "redis"),
]


def told_by(*pairs):
    """Return parameters for all servers with their registries, of which only some are told of by
    ``make test``."""
    return [pytest.param(one, marks=[pytest.mark.long] * (one not in pairs)) for one in PAIRS]


# Each server and each registry occurs; the other pairs would repeat the same.
KINDS = told_by(
    ("pywsgi", "memory"), ("gevent", "redis"), ("gthread", "redis"), ("dev-debug", "redis")
)
# For a story of what an app says or a registry keeps, which is the same on each server: both
# registries, on greenlets and on threads.
ON_TWO_SERVERS = pytest.mark.parametrize(
    "server",
    told_by(("pywsgi", "memory"), ("gthread", "redis")),
    indirect=True,
    ids="-".join,
)

_names = (f"c{number}" for number in itertools.count(1))


@pytest.fixture(scope="session")
def settings(redis_url):
    """A function that turns the name of a registry, and REALTIME_* settings, into environment
    variables."""

    def settings(registry, **more):
        found = {f"REALTIME_{name}": json.dumps(value) for name, value in more.items()}
        found["REALTIME_REGISTRY"] = json.dumps(registry)
        if registry == "redis":
            found.setdefault("REALTIME_REDIS", json.dumps(redis_url))
            # Redis is always up here; a slow machine must not look like an outage.
            found.setdefault("REALTIME_REDIS_TIMEOUT_SECONDS", json.dumps(DEADLINE))
            found.setdefault("REALTIME_REDIS_PREFIX", json.dumps(f"t{secrets.token_hex(4)}"))
        return found

    return settings


@pytest.fixture(scope="session", params=KINDS, ids="-".join)
def server(request, settings):
    """A running server; gunicorn has two workers where Redis is the registry."""
    kind, registry = request.param
    has_workers = registry == "redis" and kind in ("gevent", "gthread")
    with ServerProcess(kind, workers=2 if has_workers else 1, **settings(registry)) as server:
        yield server
        log = server.log()
    assert unexpected_tracebacks(log) == []
    assert secrets_in(log) == []


# Errors that the tests' app raises on purpose, the TLS handshake that fails when a test looks
# whether a server has started, by connecting without TLS, and what gevent of 2024 says at its end.
EXPECTED = ("on purpose", "NotSubscribed", "do_handshake", "greenlet is being finalized")


def unexpected_tracebacks(log):
    """Return the tracebacks in a server's log, except those that tests cause on purpose."""
    pieces = [piece[:4000] for piece in log.split("Traceback (most recent call last)")[1:]]
    return [piece for piece in pieces if not any(one in piece for one in EXPECTED)]


# Secrets: a whole digest, a session cookie, a socket key, a password.
SECRET = re.compile(r"\b[0-9a-f]{64}\b|session=ey[\w.-]+|socket_key\W+\w+|a secret of the tests")


def secrets_in(log):
    """Return the lines of a server's log that hold a secret.

    The path ``/push-to/`` of the tests' app has a digest in it, and is left out.
    """
    return [line for line in log.splitlines() if SECRET.search(line) and "/push-to/" not in line]


@pytest.fixture
def browser(server):
    """A new browser session."""
    return Browser(server.url)


@pytest.fixture
def channel():
    """The name of a channel that no other test uses."""
    return f"{next(_names)}-{secrets.token_hex(3)}"
