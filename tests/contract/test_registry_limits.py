"""Every registry: nobody takes more than their share."""

from __future__ import annotations

import pytest

from flask_realtime import TooManyChannels
from flask_realtime.registries.lifetimes import MOST_WAITING, MOST_WAITING_BYTES
from flask_realtime.registries.records import ConnectionRecord


def page(number, session="1"):
    """The digest of one page of a browser session, which is its second half."""
    return f"{number:032}{session:0>32}"


def names(registry, digest="digest-1"):
    return set(registry.subscriptions([digest])[digest] or ())


def test_page_is_subscribed_to_so_many_channels_at_most(open_registry):
    """What would be one too many is refused whole, and no channel is begun for it."""
    registry = open_registry(MAX_CHANNELS_PER_PAGE=3)
    registry.subscribe("digest-1", ["a", "b"])

    with pytest.raises(TooManyChannels, match="REALTIME_MAX_CHANNELS_PER_PAGE") as caught:
        registry.subscribe("digest-1", ["c", "d"])

    assert (caught.value.count, caught.value.most) == (2, 3)
    assert names(registry) == {"a", "b"}
    assert registry.subscriptions(["digest-2"]) == {"digest-2": None}


def test_channels_that_a_page_is_on_count_once(open_registry):
    """A page at its limit may subscribe to the same channels again, and to others once it has
    left some."""
    registry = open_registry(MAX_CHANNELS_PER_PAGE=3)
    registry.subscribe("digest-1", ["a", "b", "c"])

    registry.subscribe("digest-1", ["c", "b", "a"])
    registry.unsubscribe("digest-1", ["a", "never there"])
    registry.unsubscribe("digest-1", ["a"])
    registry.subscribe("digest-1", ["d", "c"])

    assert names(registry) == {"b", "c", "d"}
    with pytest.raises(TooManyChannels):
        registry.subscribe("digest-1", ["e"])


def test_first_subscription_may_be_too_large(open_registry):
    """Of a page that nobody knows yet."""
    registry = open_registry(MAX_CHANNELS_PER_PAGE=3)

    with pytest.raises(TooManyChannels):
        registry.subscribe("digest-1", ["a", "b", "c", "d"])

    assert registry.subscriptions(["digest-1"]) == {"digest-1": None}


def test_deposits_of_all_pages_of_a_session_are_capped_together(registry):
    """Whoever makes up page after page fills nothing: the last thousand of a session are kept."""
    for number in range(MOST_WAITING + 5):
        registry.deposit(page(number % 3), str(number))
    registry.deposit(page(0, session="2"), "another's")

    kept = [registry.collect(page(number), "taker") for number in range(3)]

    found = sorted(int(item) for items in kept for item in items)
    assert found == list(range(5, MOST_WAITING + 5))
    assert registry.collect(page(0, session="2"), "taker") == ["another's"]


def test_what_was_taken_counts_with_what_waits(registry):
    """The same taker that asks after each deposit does not gather more than anybody else."""
    for number in range(MOST_WAITING):
        registry.deposit("page", str(number))
        if number % 100 == 0:
            registry.collect("page", "taker")
    for number in range(MOST_WAITING, MOST_WAITING + 50):
        registry.deposit("page", str(number))
        registry.collect("page", "taker")

    found = registry.collect("page", "taker")

    assert found == [str(number) for number in range(50, MOST_WAITING + 50)]


def test_deposits_are_capped_in_bytes_too(registry):
    """The newest is kept, whatever its size; what was taken goes before what waits."""
    half = "x" * (MOST_WAITING_BYTES // 2 - 10)
    registry.deposit("page", "1" + half)
    registry.collect("page", "taker")
    registry.deposit("page", "2" + half)
    both = registry.collect("page", "taker")
    registry.deposit("page", "3" + half)
    last_two = registry.collect("page", "taker")
    registry.deposit("page", "4" + 3 * half)

    assert [text[0] for text in both] == ["1", "2"]
    assert [text[0] for text in last_two] == ["2", "3"]
    assert [text[0] for text in registry.collect("page", "taker")] == ["4"]


def test_made_up_page_leaves_nothing_behind_its_socket(registry):
    """Nobody subscribed it, so that nothing is lost with it; a refresh changes nothing there."""
    for refreshed in (False, True):
        registry.connect("made-up", "1")
        registry.connect("made-up", "2")
        if refreshed:
            registry.refresh([ConnectionRecord("made-up", "1", {})], [])
        registry.forget_connection(ConnectionRecord("made-up", "1", {}))
        known = registry.subscriptions(["made-up"])["made-up"]
        registry.forget_connection(ConnectionRecord("made-up", "2", {}))

        assert known == {}
        assert registry.subscriptions(["made-up"]) == {"made-up": None}


def test_page_that_has_left_its_channels_is_remembered(registry):
    """What it has left must not come back from a process that still knows it."""
    registry.subscribe("digest-1", ["a"])
    registry.connect("digest-1", "1")
    registry.unsubscribe("digest-1", ["a"])

    registry.forget_connection(ConnectionRecord("digest-1", "1", {}))

    assert set(registry.subscriptions(["digest-1"])["digest-1"].left) == {"a"}
