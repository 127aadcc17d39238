"""The registry of the tests."""

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.registries.memory.registry import MemoryRegistry


@pytest.fixture
def registry():
    registry = MemoryRegistry(Config())
    yield registry
    registry.close()
