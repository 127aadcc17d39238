"""What the tests of the registry in Redis have in common."""

import pytest

from .store import Store


@pytest.fixture
def store(redis_url, tmp_path):
    opened = Store(redis_url, tmp_path.name)
    yield opened
    opened.close()
