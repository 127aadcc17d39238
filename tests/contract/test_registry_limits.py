"""Every registry: limits for each page and session."""

from __future__ import annotations

import pytest

from flask_realtime import TooManyChannels
from flask_realtime.registries.lifetimes import MOST_WAITING, MOST_WAITING_BYTES
from flask_realtime.registries.records import ConnectionRecord


def page(number, session="1"):
    """Return the digest of a page of a browser session, whose digest is the second half."""
    return f"{number:032}{session:0>32}"


def names(registry, digest="digest-1"):
    return set(registry.subscriptions([digest])[digest] or ())


def test_page_is_subscribed_to_so_many_channels_at_most(open_registry):
    """A subscription that exceeds the limit is refused as a whole, and creates no channel."""
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
    """The first subscription of an unknown page exceeds the limit and is refused."""
    registry = open_registry(MAX_CHANNELS_PER_PAGE=3)

    with pytest.raises(TooManyChannels):
        registry.subscribe("digest-1", ["a", "b", "c", "d"])

    assert registry.subscriptions(["digest-1"]) == {"digest-1": None}


def test_deposits_of_all_pages_of_a_session_are_capped_together(registry):
    """Somebody invents page after page. Only the last thousand changes of a session are kept."""
    for number in range(MOST_WAITING + 5):
        registry.deposit(page(number % 3), str(number))
    registry.deposit(page(0, session="2"), "another's")

    kept = [registry.collect(page(number), "taker") for number in range(3)]

    found = sorted(int(item) for items in kept for item in items)
    assert found == list(range(5, MOST_WAITING + 5))
    assert registry.collect(page(0, session="2"), "taker") == ["another's"]


def test_what_was_taken_counts_with_what_waits(registry):
    """Fetched changes count in the limit too, so one that asks after each change does not collect
    more."""
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
    """The newest change is kept whatever its size, and fetched changes are dropped before waiting
    ones."""
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
    """An invented page has no subscription. It is dropped with its socket, and a refresh changes
    nothing."""
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
    """A page that has left all its channels is remembered, so that a process with older data does
    not bring them back."""
    registry.subscribe("digest-1", ["a"])
    registry.connect("digest-1", "1")
    registry.unsubscribe("digest-1", ["a"])

    registry.forget_connection(ConnectionRecord("digest-1", "1", {}))

    assert set(registry.subscriptions(["digest-1"])["digest-1"].left) == {"a"}
