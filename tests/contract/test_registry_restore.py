"""Every registry: clients that are refreshed, and those that are written again."""

from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.subscriptions import Known, Subscription

from .clients import MOMENT, restored, subscriptions


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
