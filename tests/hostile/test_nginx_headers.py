"""Headers that nginx passes on: the host that the app is asked by, and who asks."""

import socket

import pytest

from tests.eventually import DEADLINE
from tests.integration.browsers import Browser
from tests.integration.serving import ServerProcess

from . import nginx
from .conftest import APPS

pytestmark = pytest.mark.skipif(nginx.PATH is None, reason="nginx is not installed")

EXAMPLE = r"(www\.)?example\.com"
WHO_ASKS = """
location = /whoami { PASS proxy_set_header X-Authentik-Username $http_x_test_user; }
location = / { PASS HEADER }
"""


@pytest.fixture(scope="module")
def server():
    with ServerProcess("gevent", "proxied:app", folder=APPS) as server:
        yield server


def status(port, head):
    """Return the status with which a request is answered; None: it is not answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as link:
        link.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
        line = link.makefile("rb").readline()
    return int(line.split()[1]) if line else None


def test_request_for_another_host_does_not_reach_the_app(server, tmp_path):
    """A fragment's links have the host that the request named, in the pages of all. nginx finds the
    server by the address of a request that has one, and passes on another Host."""
    rule = nginx.security("by nginx in the app's ``server``").replace(EXAMPLE, r"127\.0\.0\.1")
    with nginx.Nginx(tmp_path, server, locations=rule) as proxy:
        own = f"127.0.0.1:{proxy.port}"

        assert status(proxy.port, f"GET /seen HTTP/1.1\r\nHost: {own}") == 200
        assert status(proxy.port, f"GET http://{own}/seen HTTP/1.1\r\nHost: {own}") == 200
        assert status(proxy.port, "GET /seen HTTP/1.1\r\nHost: evil.example") is None
        assert status(proxy.port, f"GET /seen HTTP/1.1\r\nHost: {own}.evil.example") is None
        assert status(proxy.port, f"GET http://{own}/seen HTTP/1.1\r\nHost: evil.example") is None


def test_handshake_does_not_say_who_asks(server, tmp_path):
    """nginx sets the header at the one path whose view reads it. A program opens a socket with that
    header, and calls the view, which the app has opened."""
    words = "in the ``location`` of the socket"
    locations = WHO_ASKS.replace("HEADER", nginx.security(words))
    forged = {"X-Authentik-Username": "admin"}
    with nginx.Nginx(tmp_path, server, locations=locations) as proxy:
        visitor = Browser(proxy.url)
        assert visitor.get("/whoami", headers=forged).json()["user"] is None

        page = visitor.page("/rooms/1")
        with visitor.open(page, origin=visitor.url, headers=forged) as opened:
            assert opened.call("/whoami")["body"]["user"] is None
