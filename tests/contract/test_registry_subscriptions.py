"""Every registry: to which channels a client is subscribed."""

import time

from flask_realtime.registries.subscriptions import MOST_LEFT, Subscription

from ..eventually import eventually
from .clients import MOMENT, restored, subscriptions


def test_subscribe_notes_where_each_log_stands(registry, fill):
    """A client hears what comes after its subscription, and nothing from before it."""
    tail = fill(registry, "a", 3)[-1]

    registry.subscribe("digest-1", ["a", "b"])

    found = subscriptions(registry, "digest-1")
    assert found["a"] == Subscription(since=tail, sent=None)
    assert found["b"].since == registry.read({"b": None}, 1)["b"].tail
    assert list(sorted(found)) == ["a", "b"]


def test_subscribe_takes_thousands_of_channels(open_registry):
    """A client can subscribe to thousands of channels at once, where its app lets it."""
    registry = open_registry(MAX_CHANNELS_PER_PAGE=3000)
    channels = [f"row-{number}" for number in range(3000)]

    registry.subscribe("digest-1", channels)

    assert set(subscriptions(registry, "digest-1")) == set(channels)


def test_subscribe_keeps_the_earlier_position(registry, fill, push):
    """A second subscription to a channel neither skips nor repeats messages."""
    start = fill(registry, "a", 1)[-1]
    registry.subscribe("digest-1", ["a"])
    tail = registry.publish([push("a")])[0]

    registry.subscribe("digest-1", ["a", "b"])

    found = subscriptions(registry, "digest-1")
    assert found["a"].since == start != tail
    assert set(found) == {"a", "b"}


def test_subscriptions_are_asked_for_many_at_once(registry):
    """One call returns the subscriptions of many clients, with None for a client that is not
    known."""
    registry.subscribe("digest-1", ["a"])
    registry.subscribe("digest-2", ["b"])

    found = registry.subscriptions(["digest-1", "digest-2", "digest-3"])

    assert set(found["digest-1"]) == {"a"}
    assert set(found["digest-2"]) == {"b"}
    assert found["digest-3"] is None
    assert registry.subscriptions([]) == {}


def test_unsubscribe_takes_away_what_is_named(registry):
    """unsubscribe() leaves other channels and other clients alone, and takes unknown channels
    without an error."""
    registry.subscribe("digest-1", ["a", "b"])
    registry.subscribe("digest-2", ["a"])

    registry.unsubscribe("digest-1", ["a", "never subscribed"])
    registry.unsubscribe("unknown", ["a"])

    assert set(subscriptions(registry, "digest-1")) == {"b"}
    assert set(subscriptions(registry, "digest-2")) == {"a"}
    assert registry.connect("unknown", "1").subscriptions is None


def test_process_that_unsubscribes_its_client_knows_it_at_once(registry, heard):
    """unsubscribe() tells its own process which channels the client has left before it returns."""
    registry.subscribe("digest-1", ["a", "b", "c"])
    registry.connect("digest-1", "1")

    registry.unsubscribe("digest-1", ["a", "b"])

    assert sorted(heard.left) == [("digest-1", "a"), ("digest-1", "b")]


def test_client_leaves_behind_what_was_published_before(registry, heard, push):
    """Something is published, and its process takes a client off the channel. Its process has heard
    what was published before unsubscribe() returns, and before the client leaves."""
    registry.listen(["a"])
    registry.connect("digest-1", "1")
    for number in range(1, 51):
        registry.subscribe("digest-1", ["a"])
        registry.publish([push("a")])

        registry.unsubscribe("digest-1", ["a"])

        assert len(heard.publications) == len(heard.left) == number


def test_other_process_hears_of_a_leave_before_what_is_pushed_behind_it(
    registry, other, heard_by_other, push, kind
):
    """Another process unsubscribes a client. The process of its socket is told of the channels, one
    with a colon in its name too, before what is pushed then; in a cluster, sooner or later."""
    other.listen(["a", "room:é 1"])
    other.connect("digest-1", "1")
    registry.subscribe("digest-1", ["a", "room:é 1"])

    registry.unsubscribe("digest-1", ["a", "room:é 1"])
    registry.publish([push("a"), push("room:é 1")])

    heard_by_other.wait_for(lambda: heard_by_other.publications)
    if kind == "redis_cluster":
        heard_by_other.wait_for(lambda: heard_by_other.left)
    assert heard_by_other.left == [("digest-1", "a"), ("digest-1", "room:é 1")]


def test_subscribing_again_after_unsubscribing_starts_at_the_tail(registry, push):
    """A client that left a channel and comes back does not hear what was pushed in between."""
    registry.subscribe("digest-1", ["a"])
    registry.unsubscribe("digest-1", ["a"])
    tail = registry.publish([push("a")])[0]

    registry.subscribe("digest-1", ["a"])

    assert subscriptions(registry, "digest-1")["a"].since == tail


def test_an_unknown_client_is_told_of_changes_once_connected(registry, heard):
    """A page that comes back after its client expired can subscribe again, and its socket hears of
    it."""
    registry.connect("digest-1", "1")

    registry.subscribe("digest-1", ["a"])

    heard.wait_for(lambda: heard.changed == ["digest-1"])
    assert set(subscriptions(registry, "digest-1")) == {"a"}


def test_changes_are_told_where_the_client_is_connected(registry, heard):
    """A process is told of changes of the clients that are connected to it, and of no others."""
    registry.subscribe("held", ["a"])
    registry.connect("held", "1")

    registry.subscribe("elsewhere", ["a"])
    registry.unsubscribe("elsewhere", ["a"])
    registry.subscribe("held", ["b"])
    registry.unsubscribe("held", ["a"])

    heard.wait_for(lambda: len(heard.changed) >= 2)
    assert heard.changed == ["held", "held"]


def test_changes_are_told_to_the_process_that_holds_the_connection(
    registry, heard, other, heard_by_other
):
    """A subscription that one process makes is told to the process that holds the socket."""
    registry.connect("here", "1")
    other.connect("there", "1")
    other.connect("both", "2")
    registry.connect("both", "2")

    registry.subscribe("there", ["a"])
    other.subscribe("here", ["a"])
    other.subscribe("both", ["a"])

    heard.wait_for(lambda: len(heard.changed) == 2)
    heard_by_other.wait_for(lambda: len(heard_by_other.changed) == 2)
    # What a process tells itself may arrive before what another process has told it.
    assert sorted(heard.changed) == ["both", "here"]
    assert sorted(heard_by_other.changed) == ["both", "there"]
    assert set(subscriptions(registry, "there")) == {"a"}


def test_every_change_of_subscriptions_has_a_later_moment(registry):
    """Each change has a later moment than the one before, however quickly they follow each
    other."""
    moments = []
    for _ in range(3):
        registry.subscribe("digest-1", ["a", "b"])
        moments.append(subscriptions(registry, "digest-1")["a"].moment)
        registry.unsubscribe("digest-1", ["a"])
        moments.append(subscriptions(registry, "digest-1").left["a"])
    registry.subscribe("digest-1", ["a"])

    found = subscriptions(registry, "digest-1")
    assert moments == sorted(set(moments))
    assert found["b"].moment == moments[-2] < moments[-1] < found["a"].moment
    assert found.left == {}


def test_a_moment_is_later_than_what_was_restored(registry, fill):
    """A change is later than what was restored, even if the clock of the new Redis is behind."""
    position = fill(registry, "a", 1)[0]
    ahead = int(time.time() * 1000) + 60_000
    restored(registry, "digest-1", {"a": position}, ahead)

    registry.subscribe("digest-1", ["b"])

    assert subscriptions(registry, "digest-1")["b"].moment > ahead


def test_so_many_channels_that_were_left_are_remembered(registry, fill):
    """Only a limited number of channels that a client left is remembered."""
    position = fill(registry, "a", 1)[0]
    names = [f"row-{number}" for number in range(MOST_LEFT + 1)]
    registry.subscribe("digest-1", names)
    moment = subscriptions(registry, "digest-1")[names[0]].moment
    registry.unsubscribe("digest-1", names)
    registry.unsubscribe("digest-1", ["one more"])

    stands = restored(registry, "digest-1", {names[0]: position}, moment, {names[1]: moment})

    assert stands == {}
    assert set(stands.left) == {"one more"}


def test_the_end_of_what_is_not_known_is_remembered_for_a_while(open_registry, fill):
    """That an unknown client left a channel is remembered for as long as a client is awaited."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1)
    position = fill(registry, "a", 1)[0]
    registry.unsubscribe("digest-1", ["a"])
    registry.unsubscribe("digest-2", ["a"])

    def is_forgotten_of_another():
        registry.unsubscribe("digest-1", ["b"])
        return subscriptions(registry, "digest-2") is None

    eventually(is_forgotten_of_another)

    assert restored(registry, "digest-1", {"a": position}, MOMENT) == {}
