"""Every registry: subscriptions and connections."""

import time
from threading import Thread

import pytest

from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.subscriptions import MOST_LEFT, Known, Subscription

from ..eventually import eventually

PLENTY = 10_000_000
# When a process knew a client, before any change that these tests make.
MOMENT = 1_000_000


def subscriptions(registry, digest):
    return registry.subscriptions([digest])[digest]


def test_subscribe_notes_where_each_log_stands(registry, fill):
    """A client hears what comes after its subscription."""
    tail = fill(registry, "a", 3)[-1]

    registry.subscribe("digest-1", ["a", "b"])

    found = subscriptions(registry, "digest-1")
    assert found["a"] == Subscription(since=tail, sent=None)
    assert found["b"].since == registry.read({"b": None}, 1)["b"].tail
    assert list(sorted(found)) == ["a", "b"]


def test_subscribe_takes_thousands_of_channels(registry):
    """A page may show as many as it likes, and hears all of them."""
    channels = [f"row-{number}" for number in range(3000)]

    registry.subscribe("digest-1", channels)

    assert set(subscriptions(registry, "digest-1")) == set(channels)


def test_subscribe_keeps_the_earlier_position(registry, fill, push):
    """Subscribing again neither skips nor repeats what came in between."""
    start = fill(registry, "a", 1)[-1]
    registry.subscribe("digest-1", ["a"])
    tail = registry.publish([push("a")])[0]

    registry.subscribe("digest-1", ["a", "b"])

    found = subscriptions(registry, "digest-1")
    assert found["a"].since == start != tail
    assert set(found) == {"a", "b"}


def test_subscriptions_are_asked_for_many_at_once(registry):
    """Each client is answered for; None for one not known."""
    registry.subscribe("digest-1", ["a"])
    registry.subscribe("digest-2", ["b"])

    found = registry.subscriptions(["digest-1", "digest-2", "digest-3"])

    assert set(found["digest-1"]) == {"a"}
    assert set(found["digest-2"]) == {"b"}
    assert found["digest-3"] is None
    assert registry.subscriptions([]) == {}


def test_unsubscribe_takes_away_what_is_named(registry):
    """The other channels and the other clients keep theirs; what is not known is no error."""
    registry.subscribe("digest-1", ["a", "b"])
    registry.subscribe("digest-2", ["a"])

    registry.unsubscribe("digest-1", ["a", "never subscribed"])
    registry.unsubscribe("unknown", ["a"])

    assert set(subscriptions(registry, "digest-1")) == {"b"}
    assert set(subscriptions(registry, "digest-2")) == {"a"}
    assert registry.connect("unknown", "1").subscriptions is None


def test_subscribing_again_after_unsubscribing_starts_at_the_tail(registry, push):
    """What was pushed while one was not subscribed is not heard later."""
    registry.subscribe("digest-1", ["a"])
    registry.unsubscribe("digest-1", ["a"])
    tail = registry.publish([push("a")])[0]

    registry.subscribe("digest-1", ["a"])

    assert subscriptions(registry, "digest-1")["a"].since == tail


def test_connect_returns_the_subscriptions(registry, fill):
    """A connection begins with what its page was subscribed to."""
    tail = fill(registry, "a", 3)[-1]
    registry.subscribe("digest-1", ["a"])

    assert registry.connect("digest-1", "1").subscriptions == {"a": Subscription(tail)}
    assert registry.connect("digest-1", "2").subscriptions == {"a": Subscription(tail)}


def test_connect_returns_none_for_an_unknown_client(registry):
    """A client that expired, or that never was, is told from one without subscriptions."""
    assert registry.connect("digest-1", "1").subscriptions is None


def test_connect_of_a_client_that_unsubscribed_from_all_knows_it(registry):
    """To be subscribed to nothing is not to be unknown."""
    registry.subscribe("digest-1", ["a"])
    registry.connect("digest-1", "1")
    registry.unsubscribe("digest-1", ["a"])

    assert registry.connect("digest-1", "2").subscriptions == {}
    assert subscriptions(registry, "digest-1") == {}


def test_an_unknown_client_is_told_of_changes_once_connected(registry, heard):
    """A page that comes back after it expired can subscribe anew, over HTTP, and hears of it."""
    registry.connect("digest-1", "1")

    registry.subscribe("digest-1", ["a"])

    heard.wait_for(lambda: heard.changed == ["digest-1"])
    assert set(subscriptions(registry, "digest-1")) == {"a"}


def test_changes_are_told_where_the_client_is_connected(registry, heard):
    """Subscribing and unsubscribing are told to who holds a connection, and to no one else."""
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
    """A subscribe served by one process reaches the socket that another one holds."""
    registry.connect("here", "1")
    other.connect("there", "1")
    other.connect("both", "2")
    registry.connect("both", "2")

    registry.subscribe("there", ["a"])
    other.subscribe("here", ["a"])
    other.subscribe("both", ["a"])

    heard.wait_for(lambda: len(heard.changed) == 2)
    heard_by_other.wait_for(lambda: len(heard_by_other.changed) == 2)
    # What a process is told by itself may overtake what another one tells it.
    assert sorted(heard.changed) == ["both", "here"]
    assert sorted(heard_by_other.changed) == ["both", "there"]
    assert set(subscriptions(registry, "there")) == {"a"}


def test_disconnect_ends_the_telling(registry, heard):
    """A client whose last connection closed is no longer told of here."""
    registry.connect("gone", "1")
    registry.connect("held", "2")
    registry.forget_connection(ConnectionRecord("gone", "1", {}))

    registry.subscribe("gone", ["a"])
    registry.subscribe("held", ["a"])

    heard.wait_for(lambda: heard.changed)
    assert heard.changed == ["held"]


def test_disconnect_notes_how_far_the_connection_was_sent(registry, fill):
    """The next socket of a plain client goes on from there."""
    registry.subscribe("digest-1", ["a", "b"])
    positions = fill(registry, "a", 3)
    registry.connect("digest-1", "1")

    registry.forget_connection(ConnectionRecord("digest-1", "1", {"a": positions[2]}))

    found = registry.connect("digest-1", "2").subscriptions
    assert found["a"] == Subscription(since=positions[0], sent=positions[2])
    assert found["b"].sent is None


def test_disconnect_does_not_subscribe(registry, fill):
    """A position noted for a channel the client has left does not bring it back."""
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
    """A late close of an old socket leaves the new one of the same page as it is."""
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
    """Processes number their connections each for itself; equal numbers are not one."""
    registry.connect("digest-1", "1")
    other.connect("digest-1", "1")

    registry.forget_connection(ConnectionRecord("digest-1", "1", {}))

    registry.subscribe("digest-1", ["a"])
    heard_by_other.wait_for(lambda: heard_by_other.changed == ["digest-1"])


def test_client_that_was_forgotten_stays_unknown_until_a_connection_has_lived(registry):
    """The socket that heard so first may have broken before it did; a request, or a while, makes
    the client one that is known."""
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
    """What connect does not return yet, the process is told of: nothing falls in between."""
    registry.subscribe("digest-1", ["c0"])
    channels = [f"c{number}" for number in range(1, 201)]

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
    """After a crash, which closes nothing, a plain client goes on from the last refresh."""
    registry.subscribe("digest-1", ["a"])
    positions = fill(registry, "a", 3)
    registry.connect("digest-1", "1")

    registry.refresh([ConnectionRecord("digest-1", "1", {"a": positions[1]})], ["a"])
    registry.refresh([ConnectionRecord("digest-1", "1", {"a": positions[2]})], ["a"])

    assert subscriptions(registry, "digest-1")["a"].sent == positions[2]


def test_refresh_takes_many_clients_at_once(registry, fill):
    """A process with thousands of connections refreshes them in one go."""
    position = fill(registry, "a", 1)[-1]
    digests = [f"digest-{number}" for number in range(1200)]
    for digest in digests:
        registry.subscribe(digest, ["a"])
        registry.connect(digest, "1")

    registry.refresh([ConnectionRecord(digest, "1", {"a": position}) for digest in digests], ["a"])

    found = registry.subscriptions(digests)
    assert [found[digest]["a"].sent for digest in digests] == [position] * 1200


def test_refresh_does_not_make_a_client_anew(registry, fill):
    """A client that is gone stays gone, or its subscriptions would be an empty set for good; its
    process is told, which knows what they were."""
    position = fill(registry, "a", 1)[-1]
    registry.connect("digest-2", "1")

    gone = registry.refresh(
        [ConnectionRecord(digest, "1", {"a": position}) for digest in ("digest-1", "digest-2")],
        ["a"],
    )

    assert gone == ["digest-1"]
    assert subscriptions(registry, "digest-1") is None


def test_refresh_tells_of_a_connection_that_is_not_known(registry):
    """The client may have been begun anew by a request, and knows nothing of the socket."""
    registry.subscribe("digest-1", ["a"])

    gone = registry.refresh([ConnectionRecord("digest-1", "1", {})], [])

    assert gone == ["digest-1"]
    assert list(subscriptions(registry, "digest-1").connections) == []


def restored(registry, digest, sent, moment, left=None, name="1"):
    """How a client stands once a process has written what it knew of it: its channels, each with
    its position, since a *moment*, and what it had *left*."""
    known = Known(dict.fromkeys(sent, moment), left or {})
    return registry.restore([(ConnectionRecord(digest, name, sent), known)])[0]


def test_restore_writes_a_client_again(registry, heard, fill):
    """What a process knew of a client is in the registry again, its connection too."""
    position = fill(registry, "a", 3)[2]

    stands = restored(registry, "digest-1", {"a": position}, MOMENT, {"b": MOMENT})

    found = subscriptions(registry, "digest-1")
    assert stands == found == {"a": Subscription(position, sent=position)}
    assert (found["a"].moment, found.left) == (MOMENT, {"b": MOMENT})
    registry.subscribe("digest-1", ["b"])
    heard.wait_for(lambda: heard.changed == ["digest-1"])
    assert set(registry.connect("digest-1", "2").subscriptions) == {"a", "b"}


def test_restore_keeps_what_came_meanwhile(registry, fill):
    """A subscription made after the loss stands beside what is restored."""
    position = fill(registry, "a", 3)[1]
    registry.subscribe("digest-1", ["b"])

    restored(registry, "digest-1", {"a": position}, MOMENT)

    found = subscriptions(registry, "digest-1")
    assert set(found) == {"a", "b"}
    assert found["a"].since == position


def test_restore_keeps_off_what_was_left_meanwhile(registry, fill):
    """The end of a subscription is known to a registry that has lost the subscription itself."""
    position = fill(registry, "a", 1)[0]
    registry.unsubscribe("digest-1", ["a"])

    restored(registry, "digest-1", {"a": position, "b": position}, MOMENT)

    assert set(subscriptions(registry, "digest-1")) == {"b"}


def test_restore_changes_nothing_of_what_is_newer(registry, fill):
    """A process that knows less than the registry does not undo what it does not know."""
    position = fill(registry, "a", 1)[0]
    registry.subscribe("digest-1", ["a", "b"])
    moment = subscriptions(registry, "digest-1")["a"].moment
    registry.unsubscribe("digest-1", ["a"])
    registry.subscribe("digest-1", ["c"])

    restored(registry, "digest-1", {"a": position, "b": position}, moment, {"c": moment})

    assert set(subscriptions(registry, "digest-1")) == {"b", "c"}


def test_restore_ends_what_had_ended(registry):
    """A registry that went back has a subscription again that its process knows to be over."""
    registry.subscribe("digest-1", ["a", "b"])
    left_at = subscriptions(registry, "digest-1")["b"].moment + 1

    restored(registry, "digest-1", {}, 0, {"b": left_at})

    found = subscriptions(registry, "digest-1")
    assert set(found) == {"a"}
    assert found.left == {"b": left_at}


def test_subscribing_again_outlasts_what_had_ended(registry, push):
    """It was accepted, and so is later than the end that the process knows of."""
    registry.subscribe("digest-1", ["a"])
    first = subscriptions(registry, "digest-1")["a"]
    registry.publish([push("a")])
    registry.subscribe("digest-1", ["a"])

    restored(registry, "digest-1", {}, 0, {"a": first.moment})

    assert subscriptions(registry, "digest-1")["a"].since == first.since


def test_restore_brings_processes_together_in_any_order(registry, fill):
    """They may have known the client at different moments; none undoes another's, however often
    they come."""
    at = fill(registry, "a", 1)[0]
    early = ({"left": at, "kept": at, "old": at}, MOMENT, {}, "early")
    late = ({"kept": at, "new": at}, MOMENT + 1, {"left": MOMENT + 1}, "late")

    for digest, order in (("digest-1", [early, late]), ("digest-2", [late, early])):
        registry.subscribe(digest, ["newest"])
        stands = [set(restored(registry, digest, *one)) for one in 2 * order]

        assert stands[1] == stands[2] == stands[3] == {"kept", "old", "new", "newest"}


def test_restore_keeps_the_place_of_what_is_there(registry, fill):
    """Of a registry that has only lost that it was subscribed to again; its log is there."""
    registry.subscribe("digest-1", ["a"])
    stands = subscriptions(registry, "digest-1")["a"]
    later = fill(registry, "a", 1)[-1]

    restored(registry, "digest-1", {"a": later}, stands.moment + 1)

    assert subscriptions(registry, "digest-1")["a"].since == stands.since


def test_what_is_restored_is_news_to_who_came_later(registry, fill):
    """A connection that came after the loss has not left what it has not heard of."""
    position = fill(registry, "a", 1)[0]
    registry.subscribe("digest-1", ["new"])
    known = Known().joined(registry.connect("digest-1", "2").subscriptions)

    stands = restored(registry, "digest-1", {"a": position}, MOMENT)

    assert set(stands) == {"a", "new"}
    assert (stands.lost(known), stands.undead(known)) == (set(), set())


def test_restore_puts_a_connection_back_that_was_forgotten(registry, other, heard, fill):
    """Where only the connection was lost: it hears of changes, and notes how far it was sent."""
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
    """However quickly they follow each other."""
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
    """The clock of a Redis that took over may be behind that of the one before."""
    position = fill(registry, "a", 1)[0]
    ahead = int(time.time() * 1000) + 60_000
    restored(registry, "digest-1", {"a": position}, ahead)

    registry.subscribe("digest-1", ["b"])

    assert subscriptions(registry, "digest-1")["b"].moment > ahead


def test_so_many_channels_that_were_left_are_remembered(registry, fill):
    """A page that leaves thousands does not fill the registry, whose word is taken then."""
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
    """As long as a client is awaited, from the last one on."""
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
    """A late close of an old socket does not move the place of the one that came after it."""
    registry.subscribe("digest-1", ["a"])
    positions = fill(registry, "a", 3)
    for name in ("old", "new"):
        registry.connect("digest-1", name)
    registry.refresh([ConnectionRecord("digest-1", "new", {"a": positions[1]})], ["a"])

    registry.refresh([ConnectionRecord("digest-1", "old", {"a": positions[3]})], ["a"])
    registry.forget_connection(ConnectionRecord("digest-1", "old", {"a": positions[3]}))

    assert subscriptions(registry, "digest-1")["a"].sent == positions[1]


def test_the_connection_that_is_left_notes_again(registry, fill):
    """Of two tabs with one id, the one that stays notes where it is."""
    registry.subscribe("digest-1", ["a"])
    positions = fill(registry, "a", 3)
    for name in ("stays", "goes"):
        registry.connect("digest-1", name)
    registry.forget_connection(ConnectionRecord("digest-1", "goes", {"a": positions[1]}))

    registry.refresh([ConnectionRecord("digest-1", "stays", {"a": positions[2]})], ["a"])

    assert subscriptions(registry, "digest-1")["a"].sent == positions[2]


@pytest.mark.parametrize("is_subscribed", [True, False])
def test_connection_that_comes_again_is_resumed(registry, is_subscribed):
    """A page that had a socket before is told from one that opens its first, whether it is
    subscribed to anything or not, and whether that socket was noted as gone or not."""
    if is_subscribed:
        registry.subscribe("digest-1", ["a"])
    arrivals = [registry.connect("digest-1", name) for name in ("1", "2")]
    registry.forget_connection(ConnectionRecord("digest-1", "2", {}))
    arrivals.append(registry.connect("digest-1", "3"))

    assert [arrival.is_resumed for arrival in arrivals] == [False, True, True]
    assert not registry.connect("digest-2", "4").is_resumed
