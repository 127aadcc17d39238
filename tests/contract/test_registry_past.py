"""Every registry: subscriptions that begin some messages back (``last=``), and those of a view's
decorator."""

import pytest

from flask_realtime.protocol.routes import Route
from flask_realtime.protocol.starts import Start
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.subscriptions import Known

PLENTY = 10_000_000
LAST = Start(last=2)


def subscription(registry, channel, digest="me"):
    return registry.subscriptions([digest])[digest][channel]


def heard_from(registry, channel, digest="me"):
    """Return the payloads in the log after the position where the client begins."""
    begins = subscription(registry, channel, digest).begins
    page = registry.read({channel: begins}, PLENTY)[channel]
    assert not page.lost
    return [one.payload for one in page.publications]


def test_client_begins_so_many_messages_back(registry, fill):
    """A client with last= begins with the last messages before its subscription."""
    positions = fill(registry, "a", 5)

    registry.subscribe("me", {"a": LAST, "b": LAST, "c": None})

    one = subscription(registry, "a")
    assert (one.begins, one.since) == (positions[3], positions[5])
    assert heard_from(registry, "a") == ["4", "5"]
    assert heard_from(registry, "b") == heard_from(registry, "c") == []
    assert subscription(registry, "c").past is None


def test_log_that_has_fewer_is_heard_from_its_beginning(open_registry, fill):
    """The log has fewer messages, because some were trimmed or never existed. The client begins at
    its start."""
    registry = open_registry(HISTORY_SIZE=3)
    fill(registry, "short", 1)
    fill(registry, "trimmed", 5)

    registry.subscribe("me", dict.fromkeys(["short", "trimmed"], Start(last=1000)))

    assert heard_from(registry, "short") == ["1"]
    assert heard_from(registry, "trimmed") == ["3", "4", "5"]


def test_long_log_is_gone_back_as_far_as_it_takes(registry, push):
    """The messages for the client lie behind hundreds that are not for it, further back than one
    read reaches."""
    mine = [push("a", f'"{number}"') for number in range(3)]
    others = [push("a", '"others"', route=Route(to="other")) for _ in range(450)]
    registry.publish([*mine, *others])

    registry.subscribe("me", {"a": LAST})

    assert heard_from(registry, "a")[:2] == ['"1"', '"2"']


@pytest.mark.parametrize(
    "route",
    [
        Route(to="other"),
        Route(but_for="me"),
        Route(but_for="former,me"),
        Route("html", but_for="me,former"),
        Route("refresh"),
    ],
)
def test_what_the_client_would_not_hear_does_not_count(registry, push, route):
    """Messages for other clients, those that leave the client out, and refreshes do not count in
    last=."""
    registry.publish([push("a", "1"), push("a", "2"), push("a", "3")])
    registry.publish([push("a", "0", route=route)])

    registry.subscribe("me", {"a": LAST})

    assert heard_from(registry, "a") == ["2", "3", "0"]


@pytest.mark.parametrize(
    "route", [Route(to="me"), Route(but_for="other,me2"), Route("html"), Route("html", to="me")]
)
def test_what_the_client_would_hear_counts(registry, push, route):
    """Messages for the client alone, those that leave out others, and fragments count in last=."""
    registry.publish([push("a", "1"), push("a", "2"), push("a", "3", route=route)])

    registry.subscribe("me", {"a": LAST})

    assert heard_from(registry, "a") == ["2", "3"]


def test_second_subscription_keeps_the_first_one_s_past(registry, fill):
    """A second subscription, with or without last=, does not change where the first one begins."""
    fill(registry, "a", 5)
    registry.subscribe("me", {"a": LAST})
    first = subscription(registry, "a")

    registry.subscribe("me", {"a": Start(last=4)})
    registry.subscribe("me", ["a"])

    assert subscription(registry, "a") == first


def test_client_that_left_and_comes_again_begins_anew(registry, fill):
    """A client that leaves and subscribes again has new earlier messages, even if the log has not
    changed."""
    fill(registry, "a", 5)
    registry.subscribe("me", {"a": LAST})
    first = subscription(registry, "a")
    registry.unsubscribe("me", ["a"])

    registry.subscribe("me", {"a": LAST})

    assert heard_from(registry, "a") == ["4", "5"]
    assert subscription(registry, "a").past != first.past


def test_rewind_finds_a_start_and_subscribes_nobody(registry, fill):
    """rewind() returns where a subscription would begin; the client can be subscribed from there
    later."""
    positions = fill(registry, "a", 5)

    found = registry.rewind("me", ["a", "new"], 2)

    assert registry.subscriptions(["me"]) == {"me": None}
    assert (found["a"].since, found["a"].past.begins) == (positions[5], positions[3])
    fill(registry, "a", 1)
    registry.subscribe("me", found)
    assert heard_from(registry, "a") == ["4", "5", "1"]
    assert heard_from(registry, "new") == []


def test_start_is_given_to_another_client(registry, fill):
    """A page's session changes to another user. The page's new client begins at the same
    position."""
    fill(registry, "a", 5)
    registry.subscribe("me", {"a": Start(last=2, by_view=True), "b": None})
    fill(registry, "a", 1)
    begun = {name: one.start for name, one in registry.subscriptions(["me"])["me"].items()}

    registry.subscribe("heir", begun)

    assert subscription(registry, "a", "heir") == subscription(registry, "a")
    assert heard_from(registry, "a", "heir") == ["4", "5", "1"]
    assert not subscription(registry, "b", "heir").by_view


@pytest.mark.parametrize("last", [0, 2])
def test_subscription_of_a_view_is_told_from_the_app_s_own(registry, fill, last):
    """A channel to which the app itself subscribes is no longer one of its view's decorator."""
    fill(registry, "a", 5)
    of_view = Start(last=last, by_view=True)
    registry.subscribe("me", {"view": of_view, "both": of_view, "later": None})
    before = subscription(registry, "both")

    registry.subscribe("me", {"both": Start(last=1), "later": of_view})

    found = registry.subscriptions(["me"])["me"]
    assert {name for name, one in found.items() if one.by_view} == {"view"}
    assert (found["both"].since, found["both"].past) == (before.since, before.past)
    assert registry.connect("me", "1").subscriptions == found


def test_subscription_of_a_view_that_is_written_again_is_a_views_still(registry):
    """Redis was emptied. The subscription ends all the same when the page shows another view."""
    registry.subscribe("me", {"a": Start(by_view=True), "b": None})
    present = registry.connect("me", "1").subscriptions
    registry.forget_client("me")

    sent = {name: one.since for name, one in present.items()}
    registry.restore([(ConnectionRecord("me", "1", sent), Known().joined(present))])

    assert {name: subscription(registry, name).by_view for name in "ab"} == {"a": True, "b": False}
    assert subscription(registry, "a").since == sent["a"]


def test_subscription_of_the_app_s_own_is_written_again_as_such(registry):
    """A view's decorator has subscribed the page, and later so has the app itself. Redis went back
    to a time in between. The subscription does not end when the page shows another view."""
    registry.subscribe("me", {"a": Start(by_view=True)})
    registry.subscribe("me", ["a"])
    present = registry.connect("me", "1").subscriptions
    registry.forget_client("me")
    registry.subscribe("me", {"a": Start(by_view=True)})
    since = subscription(registry, "a").since
    known = Known(
        {"a": subscription(registry, "a").moment + 1}, by_view=Known().joined(present).by_view
    )

    registry.restore([(ConnectionRecord("me", "1", {"a": since}), known)])

    assert not subscription(registry, "a").by_view
    assert subscription(registry, "a").since == since
