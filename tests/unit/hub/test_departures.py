"""Clients that were put out of channels, which the registry has yet to note."""

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.departures import Departures
from flask_realtime.registries.memory.registry import MemoryRegistry


class Refusing(MemoryRegistry):
    """A registry that refuses to take some clients off channels."""

    refused = frozenset()

    def unsubscribe(self, digest, channels):
        if digest in self.refused:
            raise RegistryUnavailable("It refuses to write.")
        super().unsubscribe(digest, channels)


@pytest.fixture
def registry():
    registry = Refusing(Config())
    for digest in ("d1", "d2"):
        registry.subscribe(digest, ["a", "b"])
    return registry


@pytest.fixture
def departures(registry):
    departures = Departures(registry)
    departures.add("d1", "a")
    departures.add("d2", "b")
    return departures


def test_registry_is_told_of_each(registry, departures):
    """Of no other channel, and once."""
    assert departures.clients() == {"d1", "d2"}
    assert departures.channels("d1") == ["a"]

    assert departures.tell()

    stands = registry.subscriptions(["d1", "d2"])
    assert (set(stands["d1"]), set(stands["d2"])) == ({"b"}, {"a"})
    assert departures.clients() == set()
    assert departures.channels("d1") == []


def test_one_that_is_refused_holds_up_no_other(registry, departures):
    """It is tried behind them the next time."""
    registry.refused = {"d1"}

    assert not departures.tell()
    assert not departures.tell()

    assert departures.clients() == {"d1"}
    registry.refused = set()
    assert departures.tell()
