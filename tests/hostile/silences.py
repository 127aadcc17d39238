"""Ways in which Redis hangs, is down or refuses, and in how many of them a test runs."""

import contextlib

import pytest

from ..hanging_redis import while_redis_hangs


@contextlib.contextmanager
def hanging(store):
    with store.client() as client, while_redis_hangs(client):
        yield


@contextlib.contextmanager
def away(store):
    with store.client() as client:
        client.save()
    store.stop()
    yield
    store.start()


@contextlib.contextmanager
def read_only(store):
    with store.client() as client:
        client.replicaof("127.0.0.1", 1)
        yield
        client.replicaof("no", "one")


@contextlib.contextmanager
def out_of_memory(store):
    with store.client() as client:
        client.config_set("maxmemory", 1)
        yield
        client.config_set("maxmemory", 0)


SILENCES = [hanging, away, read_only, out_of_memory]


def in_two_ways(usual, other):
    """Return parameters for a test: one way for every silence, another for the first of them.

    ``make test-long`` tells the other way for the other silences, too.
    """
    return [
        *(pytest.param(silence, usual) for silence in SILENCES),
        pytest.param(SILENCES[0], other),
        *(pytest.param(silence, other, marks=pytest.mark.long) for silence in SILENCES[1:]),
    ]
