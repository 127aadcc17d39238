"""Servers and middlewares with which no socket can be open."""

import pytest

from .browsers import Browser
from .serving import ServerProcess
from .shaking import shake


@pytest.mark.parametrize("kind", ["sync", "gthread-of-one", "gevent_pywsgi", "pywsgi-unpatched"])
def test_server_that_cannot_hold_sockets_says_so(kind, settings, channel):
    """A server that one socket would block answers 501, with the command of one that works."""
    with ServerProcess(kind, **settings("memory")) as server:
        browser = Browser(server.url)
        page = browser.page(f"/on/{channel}")

        status, _, body = shake(server, browser, f"/?socket_connection_id={page}")

        assert status == 501
        assert "gunicorn -k gevent" in body
        # When it stops, gevent_pywsgi waits for connections that are kept alive.
        browser.http.close()


@pytest.mark.parametrize(
    ("kind", "expected"), [("gevent", 101), ("gthread", 101), ("dev", 101), ("pywsgi", 501)]
)
def test_middleware_that_hides_the_socket_is_named(kind, expected, settings, channel):
    """A middleware replaces ``wsgi.input``, where gevent's server has the socket. The handshake is
    refused with the middleware's name; other servers do not need that input."""
    with ServerProcess(kind, "linted:app", **settings("memory")) as server:
        browser = Browser(server.url)
        page = browser.page(f"/on/{channel}")

        status, _, body = shake(server, browser, f"/?socket_connection_id={page}")

        assert status == expected
        assert status == 101 or "LintMiddleware" in body
