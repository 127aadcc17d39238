"""Clients that were removed from channels while the registry could not record it."""

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.unnoted_kicks import MOST_OF_CLIENT, UnnotedKicks
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.threads import clock
from tests.eventually import eventually


class Refusing(MemoryRegistry):
    """A registry that refuses to unsubscribe some clients."""

    refused = frozenset()

    calls = 0

    def unsubscribe(self, digest, channels):
        self.calls += 1
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
def kicks(registry):
    kicks = UnnotedKicks(registry)
    kicks.add("d1", "a", True)
    kicks.add("d2", "b", True)
    return kicks


def test_registry_is_told_of_each(registry, kicks):
    """The registry records each removal once, and of no other channel."""
    assert kicks.clients() == {"d1", "d2"}
    assert kicks.channels("d1") == ["a"]

    assert kicks.tell()

    stands = registry.subscriptions(["d1", "d2"])
    assert (set(stands["d1"]), set(stands["d2"])) == ({"b"}, {"a"})
    assert kicks.clients() == set()
    assert kicks.channels("d1") == []


def test_client_that_was_let_in_again_meanwhile_stays(registry, kicks):
    """Another process has subscribed the client again after the registry came back. The late
    removal does not undo that."""
    registry.refused = {"d1", "d2"}
    kicks.tell()
    refused = clock.monotonic()
    # Otherwise both may happen within one millisecond.
    eventually(lambda: clock.monotonic() > refused + 0.005)
    registry.subscribe("d1", ["a"])
    registry.refused = set()

    assert kicks.tell()

    stands = registry.subscriptions(["d1", "d2"])
    assert (set(stands["d1"]), set(stands["d2"])) == ({"a", "b"}, {"a"})
    assert kicks.clients() == set()


def test_client_that_is_let_in_again_before_the_registry_is_told_stays(registry):
    """A client is put out of a channel, and subscribed to it again before the registry is told that
    it has left: the later call counts. The same holds if the registry knows when it left."""
    kicks = UnnotedKicks(registry)
    moment = registry.subscriptions(["d1"])["d1"]["b"].moment
    kicks.add("d1", "a", True)
    kicks.add("d1", "b", True, moment)
    added = clock.monotonic()
    eventually(lambda: clock.monotonic() > added + 0.005)
    registry.subscribe("d1", ["a", "b"])

    assert kicks.tell()

    assert set(registry.subscriptions(["d1"])["d1"]) == {"a", "b"}


def test_registry_is_not_told_before_it_has_said_when_a_client_left(registry, monkeypatch):
    """A user is being put out of a channel, and is let in again as soon as the registry has noted
    it. Until then it is told nothing, which could arrive late; if it never says so, it is told."""
    kicks = UnnotedKicks(registry)
    kicks.add("d1", "a", True, None)
    assert kicks.tell()
    assert set(registry.subscriptions(["d1"])["d1"]) == {"a", "b"}
    assert kicks.channels("d1") == ["a"]

    monkeypatch.setattr("flask_realtime.hub.unnoted_kicks.PENDING_SECONDS", -1.0)
    assert kicks.tell()

    assert set(registry.subscriptions(["d1"])["d1"]) == {"b"}
    assert kicks.clients() == set()


def test_client_that_leaves_once_more_while_the_registry_is_told_is_told_of_again(
    registry, kicks, monkeypatch
):
    """A client is removed a second time while the first removal is being recorded. The second is
    recorded too, since the client may have been subscribed in between."""

    def unsubscribe_and_leave_again(digest, *_):
        if digest == "d1":
            kicks.add("d1", "a", True)

    monkeypatch.setattr(registry, "unsubscribe", unsubscribe_and_leave_again)
    kicks.tell()
    monkeypatch.undo()

    assert kicks.clients() == {"d1"}


def test_one_that_is_refused_holds_up_no_other(registry, kicks):
    """A client whose removal is refused is tried after the others the next time."""
    registry.refused = {"d1"}

    assert not kicks.tell()
    assert not kicks.tell()

    assert kicks.clients() == {"d1"}
    registry.refused = set()
    assert kicks.tell()


def test_registry_is_told_in_few_calls_of_many_channels(registry, kicks):
    """A user is removed from thousands of rooms. The registry is called a few times, so that other
    pages do not wait."""
    for number in range(500):
        kicks.add("d1", f"room:{number}", False)
    before = registry.calls

    assert kicks.tell()

    assert registry.calls == before + 2


def test_registry_is_told_in_few_calls_of_channels_that_were_left_one_by_one(registry, clock):
    """A user is removed from room after room while the registry is away. It is called a few times
    once it is back."""
    kicks = UnnotedKicks(registry)
    registry.refused = {"d1"}
    for number in range(100):
        clock.now += 0.01
        kicks.add("d1", f"room:{number}", False)
    assert not kicks.tell()
    registry.refused, before = frozenset(), registry.calls

    assert kicks.tell()

    assert registry.calls - before == 1
    assert len(registry.subscriptions(["d1"])["d1"].left) == 100


def test_kicks_of_one_client_have_a_bound(kicks):
    """The limit counts channels that a client was never on, too. Removals of other clients are
    recorded, whatever this one has left."""
    for number in range(MOST_OF_CLIENT):
        kicks.add("d1", f"room:{number}", False)
    opened_later = clock.monotonic() + 0.001
    kicks.add("d1", "a", False)
    kicks.add("d1", "b", True)

    noted = kicks.channels("d1")

    assert len(noted) == MOST_OF_CLIENT + 1
    assert "b" in noted
    assert kicks.may_lack("d1", 0.0)
    assert not kicks.may_lack("d2", 0.0)
    # The registry told its connection of everything that was left before.
    assert not kicks.may_lack("d1", opened_later)
