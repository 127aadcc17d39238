"""Fixtures for the tests of the registry in Redis."""

import pytest

from .processes import Process
from .store import Store


@pytest.fixture
def store(redis_url, tmp_path):
    opened = Store(redis_url, tmp_path.name)
    yield opened
    opened.close()


@pytest.fixture
def process(redis_url, tmp_path):
    """A function that makes one more process."""
    made = []

    def make(name):
        made.append(Process(redis_url, tmp_path.name, name))
        return made[-1]

    yield make
    for one in made:
        one.pool.close()


@pytest.fixture
def kept(store, tmp_path):
    """A function that returns the orders that are kept, as they were announced."""

    def read():
        entries = store.client.xrange(f"{tmp_path.name}:disconnects")
        return [at + b" " + fields[b"e"] for at, fields in entries]

    return read
