"""Every registry: subscriptions that begin some messages back, and those that a view made."""

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
    """The payloads that stand in the log behind the place where the client begins."""
    begins = subscription(registry, channel, digest).begins
    page = registry.read({channel: begins}, PLENTY)[channel]
    assert not page.lost
    return [one.payload for one in page.publications]


def test_client_begins_so_many_messages_back(registry, fill):
    """The last of what was pushed before it came, and where its log stands all the same."""
    positions = fill(registry, "a", 5)

    registry.subscribe("me", {"a": LAST, "b": LAST, "c": None})

    one = subscription(registry, "a")
    assert (one.begins, one.since) == (positions[3], positions[5])
    assert heard_from(registry, "a") == ["4", "5"]
    assert heard_from(registry, "b") == heard_from(registry, "c") == []
    assert subscription(registry, "c").past is None


def test_log_that_has_fewer_is_heard_from_its_beginning(open_registry, fill):
    """Some were trimmed, or never were there."""
    registry = open_registry(HISTORY_SIZE=3)
    fill(registry, "short", 1)
    fill(registry, "trimmed", 5)

    registry.subscribe("me", dict.fromkeys(["short", "trimmed"], Start(last=1000)))

    assert heard_from(registry, "short") == ["1"]
    assert heard_from(registry, "trimmed") == ["3", "4", "5"]


def test_long_log_is_gone_back_as_far_as_it_takes(registry, push):
    """Beyond what is read at once, over hundreds that are not for the client."""
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
    """Messages for another, those that it is left out of, and requests to render blocks."""
    registry.publish([push("a", "1"), push("a", "2"), push("a", "3")])
    registry.publish([push("a", "0", route=route)])

    registry.subscribe("me", {"a": LAST})

    assert heard_from(registry, "a") == ["2", "3", "0"]


@pytest.mark.parametrize(
    "route", [Route(to="me"), Route(but_for="other,me2"), Route("html"), Route("html", to="me")]
)
def test_what_the_client_would_hear_counts(registry, push, route):
    """Messages for it alone, those that leave out another, and fragments."""
    registry.publish([push("a", "1"), push("a", "2"), push("a", "3", route=route)])

    registry.subscribe("me", {"a": LAST})

    assert heard_from(registry, "a") == ["2", "3"]


def test_second_subscription_keeps_the_first_one_s_past(registry, fill):
    """Whether or not it asks for another."""
    fill(registry, "a", 5)
    registry.subscribe("me", {"a": LAST})
    first = subscription(registry, "a")

    registry.subscribe("me", {"a": Start(last=4)})
    registry.subscribe("me", ["a"])

    assert subscription(registry, "a") == first


def test_client_that_left_and_comes_again_begins_anew(registry, fill):
    """Its past is another, though the log stands where it stood."""
    fill(registry, "a", 5)
    registry.subscribe("me", {"a": LAST})
    first = subscription(registry, "a")
    registry.unsubscribe("me", ["a"])

    registry.subscribe("me", {"a": LAST})

    assert heard_from(registry, "a") == ["4", "5"]
    assert subscription(registry, "a").past != first.past


def test_rewind_finds_a_start_and_subscribes_nobody(registry, fill):
    """What it found can be subscribed to later, from there."""
    positions = fill(registry, "a", 5)

    found = registry.rewind("me", ["a", "new"], 2)

    assert registry.subscriptions(["me"]) == {"me": None}
    assert (found["a"].since, found["a"].past.begins) == (positions[5], positions[3])
    fill(registry, "a", 1)
    registry.subscribe("me", found)
    assert heard_from(registry, "a") == ["4", "5", "1"]
    assert heard_from(registry, "new") == []


def test_start_is_given_to_another_client(registry, fill):
    """A page whose session becomes another's goes on as it began."""
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
    """What the app has subscribed to by itself as well is no longer its view's."""
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
