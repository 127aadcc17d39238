"""The tests' own requests meet no connection that its server is just closing."""

import http.server
import threading

import pytest

from . import kept_connections


@pytest.fixture
def seen():
    """The URL of a server that keeps connections, and the ports from which requests came there."""
    ports = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            ports.append(self.client_address[1])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", ports
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("idle_seconds, connections", [(0.5, 1), (1.5, 2)])
def test_connection_that_was_idle_for_long_is_not_used_again(
    seen, monkeypatch, idle_seconds, connections
):
    """A second request soon after the first takes the same connection; a later one takes a new
    connection, since a server ends those that were idle for two seconds."""
    url, ports = seen
    now = [100.0]
    monkeypatch.setattr(kept_connections, "monotonic", lambda: now[0])
    with kept_connections.session() as session:
        session.get(url)
        now[0] += idle_seconds
        session.get(url)

    assert len(set(ports)) == connections
