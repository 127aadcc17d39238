"""Every registry: subscriptions and connections."""

import time
from threading import Thread

import pytest

from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.subscriptions import MOST_LEFT, Known, Subscription

from ..eventually import eventually

PLENTY = 10_000_000
# A moment before any change that these tests make.
MOMENT = 1_000_000


def subscriptions(registry, digest):
    return registry.subscriptions([digest])[digest]


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


def test_subscribing_again_after_unsubscribing_starts_at_the_tail(registry, push):
    """A client that left a channel and comes back does not hear what was pushed in between."""
    registry.subscribe("digest-1", ["a"])
    registry.unsubscribe("digest-1", ["a"])
    tail = registry.publish([push("a")])[0]

    registry.subscribe("digest-1", ["a"])

    assert subscriptions(registry, "digest-1")["a"].since == tail


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


def test_refresh_notes_how_far_each_connection_was_sent(registry, fill):
    """After a crash a client that never resumes continues from its last refresh()."""
    registry.subscribe("digest-1", ["a"])
    positions = fill(registry, "a", 3)
    registry.connect("digest-1", "1")

    registry.refresh([ConnectionRecord("digest-1", "1", {"a": positions[1]})], ["a"])
    registry.refresh([ConnectionRecord("digest-1", "1", {"a": positions[2]})], ["a"])

    assert subscriptions(registry, "digest-1")["a"].sent == positions[2]


def test_refresh_takes_many_clients_at_once(registry, fill):
    """One call refreshes thousands of connections."""
    position = fill(registry, "a", 1)[-1]
    digests = [f"digest-{number}" for number in range(1200)]
    for digest in digests:
        registry.subscribe(digest, ["a"])
        registry.connect(digest, "1")

    registry.refresh([ConnectionRecord(digest, "1", {"a": position}) for digest in digests], ["a"])

    found = registry.subscriptions(digests)
    assert [found[digest]["a"].sent for digest in digests] == [position] * 1200


def test_refresh_does_not_make_a_client_anew(registry, fill):
    """refresh() does not create a client, which would have no subscriptions; the process is told
    that the client is gone."""
    position = fill(registry, "a", 1)[-1]
    registry.connect("digest-2", "1")

    gone = registry.refresh(
        [ConnectionRecord(digest, "1", {"a": position}) for digest in ("digest-1", "digest-2")],
        ["a"],
    )

    assert gone == ["digest-1"]
    assert subscriptions(registry, "digest-1") is None


def test_refresh_tells_of_a_connection_that_is_not_known(registry):
    """refresh() tells of a connection that is missing from its client's list, as when a request has
    created the client again."""
    registry.subscribe("digest-1", ["a"])

    gone = registry.refresh([ConnectionRecord("digest-1", "1", {})], [])

    assert gone == ["digest-1"]
    assert list(subscriptions(registry, "digest-1").connections) == []


def restored(registry, digest, sent, moment, left=None, name="1"):
    """Have a process write again what it knew of a client.

    :param sent: the client's channels, with the position up to which each was sent.
    :param moment: since when the client was subscribed to them.
    :param left: channels that the client had left, and when.
    :returns: the subscriptions that the client has afterwards.
    """
    known = Known(dict.fromkeys(sent, moment), left or {})
    return registry.restore([(ConnectionRecord(digest, name, sent), known)])[0]


def test_restore_writes_a_client_again(registry, heard, fill):
    """restore() writes a client again, with its subscriptions and its connection."""
    position = fill(registry, "a", 3)[2]

    stands = restored(registry, "digest-1", {"a": position}, MOMENT, {"b": MOMENT})

    found = subscriptions(registry, "digest-1")
    assert stands == found == {"a": Subscription(position, sent=position)}
    assert (found["a"].moment, found.left) == (MOMENT, {"b": MOMENT})
    registry.subscribe("digest-1", ["b"])
    heard.wait_for(lambda: heard.changed == ["digest-1"])
    assert set(registry.connect("digest-1", "2").subscriptions) == {"a", "b"}


def test_restore_keeps_what_came_meanwhile(registry, fill):
    """A subscription that was made after the loss is kept beside what is restored."""
    position = fill(registry, "a", 3)[1]
    registry.subscribe("digest-1", ["b"])

    restored(registry, "digest-1", {"a": position}, MOMENT)

    found = subscriptions(registry, "digest-1")
    assert set(found) == {"a", "b"}
    assert found["a"].since == position


def test_restore_keeps_off_what_was_left_meanwhile(registry, fill):
    """A subscription that was ended after the loss is not restored."""
    position = fill(registry, "a", 1)[0]
    registry.unsubscribe("digest-1", ["a"])

    restored(registry, "digest-1", {"a": position, "b": position}, MOMENT)

    assert set(subscriptions(registry, "digest-1")) == {"b"}


def test_restore_changes_nothing_of_what_is_newer(registry, fill):
    """A process does not undo newer changes that it does not know."""
    position = fill(registry, "a", 1)[0]
    registry.subscribe("digest-1", ["a", "b"])
    moment = subscriptions(registry, "digest-1")["a"].moment
    registry.unsubscribe("digest-1", ["a"])
    registry.subscribe("digest-1", ["c"])

    restored(registry, "digest-1", {"a": position, "b": position}, moment, {"c": moment})

    assert set(subscriptions(registry, "digest-1")) == {"b", "c"}


def test_restore_ends_what_had_ended(registry):
    """A registry that went back has a subscription again, which restore() ends if the process knows
    that it had ended."""
    registry.subscribe("digest-1", ["a", "b"])
    left_at = subscriptions(registry, "digest-1")["b"].moment + 1

    restored(registry, "digest-1", {}, 0, {"b": left_at})

    found = subscriptions(registry, "digest-1")
    assert set(found) == {"a"}
    assert found.left == {"b": left_at}


def test_subscribing_again_outlasts_what_had_ended(registry, push):
    """A new subscription is later than an end that a process knows of, and is kept."""
    registry.subscribe("digest-1", ["a"])
    first = subscriptions(registry, "digest-1")["a"]
    registry.publish([push("a")])
    registry.subscribe("digest-1", ["a"])

    restored(registry, "digest-1", {}, 0, {"a": first.moment})

    assert subscriptions(registry, "digest-1")["a"].since == first.since


def test_restore_brings_processes_together_in_any_order(registry, fill):
    """Several processes can restore one client, in any order and more than once, without undoing
    each other's changes."""
    at = fill(registry, "a", 1)[0]
    early = ({"left": at, "kept": at, "old": at}, MOMENT, {}, "early")
    late = ({"kept": at, "new": at}, MOMENT + 1, {"left": MOMENT + 1}, "late")

    for digest, order in (("digest-1", [early, late]), ("digest-2", [late, early])):
        registry.subscribe(digest, ["newest"])
        stands = [set(restored(registry, digest, *one)) for one in 2 * order]

        assert stands[1] == stands[2] == stands[3] == {"kept", "old", "new", "newest"}


def test_restore_keeps_the_place_of_what_is_there(registry, fill):
    """When a registry has only lost that a client subscribed again, the client keeps its
    position."""
    registry.subscribe("digest-1", ["a"])
    stands = subscriptions(registry, "digest-1")["a"]
    later = fill(registry, "a", 1)[-1]

    restored(registry, "digest-1", {"a": later}, stands.moment + 1)

    assert subscriptions(registry, "digest-1")["a"].since == stands.since


def test_what_is_restored_is_news_to_who_came_later(registry, fill):
    """A connection that opened after the loss is told of subscriptions that are restored."""
    position = fill(registry, "a", 1)[0]
    registry.subscribe("digest-1", ["new"])
    known = Known().joined(registry.connect("digest-1", "2").subscriptions)

    stands = restored(registry, "digest-1", {"a": position}, MOMENT)

    assert set(stands) == {"a", "new"}
    assert (stands.lost(known), stands.undead(known)) == (set(), set())


def test_restore_puts_a_connection_back_that_was_forgotten(registry, other, heard, fill):
    """A connection that the registry lost is put back: it hears of changes, and its position is
    noted."""
    positions = fill(registry, "a", 3)
    registry.subscribe("digest-1", ["a"])
    # The one that stands in the snapshot, and whose end was lost as well.
    other.connect("digest-1", "1")
    known = subscriptions(registry, "digest-1")

    restored(registry, "digest-1", {"a": positions[1]}, known["a"].moment)

    assert "1" not in known.connections
    assert "1" in subscriptions(registry, "digest-1").connections
    registry.subscribe("digest-1", ["b"])
    heard.wait_for(lambda: heard.changed == ["digest-1"])
    registry.forget_connection(ConnectionRecord("digest-1", "1", {"a": positions[2]}))
    assert subscriptions(registry, "digest-1")["a"].sent == positions[2]


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
