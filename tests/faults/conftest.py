"""Fixtures for tests that break servers, links and Redis."""

import pytest

from .scene import Scene


@pytest.fixture(scope="module")
def scene():
    """One server and its Valkey for all tests of a file; each test repairs what it breaks."""
    with Scene() as scene:
        yield scene
