"""Merges two differing states of a client's subscriptions."""

import pytest

from flask_realtime.errors import NotSubscribed
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.subscriptions import (
    MOST_LEFT,
    Known,
    Subscription,
    Subscriptions,
    is_heard_by,
)

SINCE = Position("e1", 1, "aa")


def subscribed(names, moment, **more):
    return Subscriptions({name: Subscription(SINCE, None, moment) for name in names}, **more)


def test_known_is_what_was_joined_last():
    """What came, and what was left; a registry that went back makes no moment earlier."""
    known = Known().joined(subscribed(["a", "b"], 5)).joined(subscribed(["b"], 3, left={"a": 7}))

    assert known == Known({"b": 5}, {"a": 7})


def test_known_forgets_the_end_of_what_was_subscribed_to_again():
    """It would end it, should the registry go back."""
    known = Known({}, {"a": 7}).joined(subscribed(["a"], 9))

    assert known == Known({"a": 9}, {})


def test_known_remembers_what_was_left_where_the_registry_has_forgotten_it():
    """More were left at once than it remembers; the process has heard of it, and remembers some."""
    names = [f"row-{number:03}" for number in range(MOST_LEFT + 1)]
    known = Known().joined(subscribed(names, 5)).joined(Subscriptions(forgotten=9))

    assert known.moments == {}
    assert known.left == dict.fromkeys(names[1:], 9)
    assert subscribed(names, 5).undead(known) == set(names[1:])


def test_nothing_is_lost_where_it_was_left():
    """Whether the registry remembers the channel's end, or only until when it forgot some."""
    known = Known({"lost": 5, "left": 5, "forgotten": 3})
    present = Subscriptions(left={"left": 6}, forgotten=4)

    assert present.lost(known) == {"lost"}


def test_the_later_counts_where_a_registry_lost_something():
    """As who resumes finds it, who knew it at the handshake."""
    before = subscribed(["lost", "left since"], 5, left={"undead": 6, "again": 7})
    present = subscribed(["undead", "again"], 5, left={"left since": 8, "again": 4})
    present["new"] = Subscription(SINCE, None, 9)

    together = before.brought_to(present)

    assert set(together) == {"lost", "new"}
    assert together.left == {"left since": 8, "undead": 6, "again": 7}


DIGEST = "d" * 64


def is_heard(channel, stands, digest=DIGEST):
    return is_heard_by(digest, channel, lambda digests: {one: stands for one in digests})


def test_client_hears_what_it_is_subscribed_to():
    """And not what it has left, which is no mistake of whoever sends to it."""
    stands = subscribed(["a", "b"], 5, left={"c": 6})

    assert is_heard("a", stands)
    assert not is_heard("c", stands)


def test_client_that_has_gone_hears_nothing():
    """A page that was closed a moment ago is no error of whoever sends to it."""
    assert not is_heard("a", None)


def test_client_that_has_left_more_than_is_remembered_hears_nothing_of_it():
    """The channel may be one of those."""
    assert not is_heard("z", subscribed(["a"], 5, forgotten=3))


@pytest.mark.parametrize("digest", [DIGEST, "unknown", "", None])
def test_client_that_never_could_hear_is_an_error(digest):
    """A wrong channel, or a text that is no digest, is a mistake that must not pass in silence."""
    with pytest.raises(NotSubscribed, match="'b'"):
        is_heard("b", subscribed(["a"], 5), digest)
