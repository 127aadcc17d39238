"""Requests of tests on connections that are kept, but not for as long as servers keep them."""

from __future__ import annotations

import threading
from time import monotonic

import requests
from requests.adapters import HTTPAdapter

# gunicorn closes a connection two seconds after its last response. A request that is sent at that
# moment is reset, and might have been handled.
KEPT_SECONDS = 1


class _ShortlyKept(HTTPAdapter):
    """Lets go of its connections if the last request was sent too long ago."""

    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()
        self._last = monotonic()

    def send(self, *arguments, **options):
        with self._lock:
            now = monotonic()
            if now > self._last + KEPT_SECONDS:
                self.close()
            self._last = now
        return super().send(*arguments, **options)


def session() -> requests.Session:
    """Return a new session, for the tests' own servers: without the proxies and certificates that
    this machine's environment names."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _ShortlyKept())
    return session
