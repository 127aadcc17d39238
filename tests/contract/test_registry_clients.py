"""Every registry: connections that come and go."""

from threading import Thread

import pytest

from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.subscriptions import Subscription

from ..eventually import eventually
from .clients import subscriptions


def test_connect_returns_the_subscriptions(registry, fill):
    """connect() returns what the page subscribed to."""
    tail = fill(registry, "a", 3)[-1]
    registry.subscribe("digest-1", ["a"])

    assert registry.connect("digest-1", "1").subscriptions == {"a": Subscription(tail)}
    assert registry.connect("digest-1", "2").subscriptions == {"a": Subscription(tail)}


def test_connect_returns_none_for_an_unknown_client(registry):
    """connect() returns None for a client that is not known, and an empty dict for one without
    subscriptions."""
    assert registry.connect("digest-1", "1").subscriptions is None


def test_connect_of_a_client_that_unsubscribed_from_all_knows_it(registry):
    """A client that left all of its channels is still known."""
    registry.subscribe("digest-1", ["a"])
    registry.connect("digest-1", "1")
    registry.unsubscribe("digest-1", ["a"])

    assert registry.connect("digest-1", "2").subscriptions == {}
    assert subscriptions(registry, "digest-1") == {}


def test_disconnect_ends_the_telling(registry, heard):
    """A process is told of no more changes of a client whose last connection closed."""
    registry.connect("gone", "1")
    registry.connect("held", "2")
    registry.forget_connection(ConnectionRecord("gone", "1", {}))

    registry.subscribe("gone", ["a"])
    registry.subscribe("held", ["a"])

    heard.wait_for(lambda: heard.changed)
    assert heard.changed == ["held"]


def test_disconnect_notes_how_far_the_connection_was_sent(registry, fill):
    """A client that never resumes continues where its last connection closed."""
    registry.subscribe("digest-1", ["a", "b"])
    positions = fill(registry, "a", 3)
    registry.connect("digest-1", "1")

    registry.forget_connection(ConnectionRecord("digest-1", "1", {"a": positions[2]}))

    found = registry.connect("digest-1", "2").subscriptions
    assert found["a"] == Subscription(since=positions[0], sent=positions[2])
    assert found["b"].sent is None


def test_disconnect_does_not_subscribe(registry, fill):
    """A position that disconnect() notes does not subscribe a client that has left the channel."""
    positions = fill(registry, "a", 3)
    registry.subscribe("digest-1", ["a", "b"])
    registry.connect("digest-1", "1")
    registry.unsubscribe("digest-1", ["a"])

    registry.refresh([ConnectionRecord("digest-1", "1", {"a": positions[1]})], [])
    registry.forget_connection(ConnectionRecord("digest-1", "1", {"a": positions[2]}))

    assert set(subscriptions(registry, "digest-1")) == {"b"}
    registry.subscribe("digest-1", ["a"])
    assert subscriptions(registry, "digest-1")["a"].sent is None


def test_disconnect_does_not_harm_the_other_connection(registry, heard):
    """When an old connection of a page closes late, the new one stays as it is."""
    registry.subscribe("digest-1", ["a"])
    registry.connect("digest-1", "old")
    registry.connect("digest-1", "new")

    registry.forget_connection(ConnectionRecord("digest-1", "old", {}))
    registry.forget_connection(ConnectionRecord("digest-1", "old", {}))
    registry.forget_connection(ConnectionRecord("unknown", "old", {}))

    registry.subscribe("digest-1", ["b"])
    heard.wait_for(lambda: heard.changed == ["digest-1"])
    assert set(subscriptions(registry, "digest-1")) == {"a", "b"}
    assert subscriptions(registry, "unknown") is None


def test_disconnect_does_not_harm_a_connection_of_another_process(registry, other, heard_by_other):
    """Connections of two processes are different ones, even if both have the same name."""
    registry.connect("digest-1", "1")
    other.connect("digest-1", "1")

    registry.forget_connection(ConnectionRecord("digest-1", "1", {}))

    registry.subscribe("digest-1", ["a"])
    heard_by_other.wait_for(lambda: heard_by_other.changed == ["digest-1"])


def test_client_that_was_forgotten_stays_unknown_until_a_connection_has_lived(registry):
    """A client that connect() created counts as unknown until its first refresh(), or until a
    request subscribes it."""
    first = registry.connect("digest-1", "1")
    registry.forget_connection(ConnectionRecord("digest-1", "1", {}))
    second = registry.connect("digest-1", "2")
    registry.refresh([ConnectionRecord("digest-1", "2", {})], [])
    third = registry.connect("digest-1", "3")
    registry.connect("digest-2", "1")
    registry.subscribe("digest-2", ["a"])

    assert (first.subscriptions, second.subscriptions) == (None, None)
    assert third.subscriptions == {}
    assert set(registry.connect("digest-2", "2").subscriptions) == {"a"}


def test_connect_is_one_step_with_its_subscriptions(registry, heard):
    """A process is told of every change that connect() did not return."""
    registry.subscribe("digest-1", ["c0"])
    channels = [f"c{number}" for number in range(1, 151)]

    def subscribe_to_all():
        for channel in channels:
            registry.subscribe("digest-1", [channel])

    subscribing = Thread(target=subscribe_to_all)
    subscribing.start()
    eventually(lambda: "c20" in subscriptions(registry, "digest-1"))
    found = registry.connect("digest-1", "1").subscriptions
    subscribing.join()

    missing = set(channels) - set(found)
    heard.wait_for(lambda: len(heard.changed) >= len(missing))
    assert set(subscriptions(registry, "digest-1")) == {"c0", *channels}


def test_an_older_connection_does_not_note_for_the_newer(registry, fill):
    """An old connection that closes late does not change the position of a newer one."""
    registry.subscribe("digest-1", ["a"])
    positions = fill(registry, "a", 3)
    for name in ("old", "new"):
        registry.connect("digest-1", name)
    registry.refresh([ConnectionRecord("digest-1", "new", {"a": positions[1]})], ["a"])

    registry.refresh([ConnectionRecord("digest-1", "old", {"a": positions[3]})], ["a"])
    registry.forget_connection(ConnectionRecord("digest-1", "old", {"a": positions[3]}))

    assert subscriptions(registry, "digest-1")["a"].sent == positions[1]


def test_the_connection_that_is_left_notes_again(registry, fill):
    """Of two connections with the id of one page, the one that stays notes its position."""
    registry.subscribe("digest-1", ["a"])
    positions = fill(registry, "a", 3)
    for name in ("stays", "goes"):
        registry.connect("digest-1", name)
    registry.forget_connection(ConnectionRecord("digest-1", "goes", {"a": positions[1]}))

    registry.refresh([ConnectionRecord("digest-1", "stays", {"a": positions[2]})], ["a"])

    assert subscriptions(registry, "digest-1")["a"].sent == positions[2]


@pytest.mark.parametrize("is_subscribed", [True, False])
def test_connection_that_comes_again_is_resumed(registry, is_subscribed):
    """connect() tells a page that had a connection before from one that connects for the first
    time, whether or not it is subscribed to anything, and whether or not its old connection was
    seen to close."""
    if is_subscribed:
        registry.subscribe("digest-1", ["a"])
    arrivals = [registry.connect("digest-1", name) for name in ("1", "2")]
    registry.forget_connection(ConnectionRecord("digest-1", "2", {}))
    arrivals.append(registry.connect("digest-1", "3"))

    assert [arrival.is_resumed for arrival in arrivals] == [False, True, True]
    assert not registry.connect("digest-2", "4").is_resumed
