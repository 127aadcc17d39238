"""Merging two states of a client's subscriptions."""

import pytest

from flask_realtime.errors import NotSubscribed
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.subscriptions import (
    LONG_LAG,
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
    """The merged state has the later joins and leaves; a registry that lost data makes no time
    earlier."""
    known = Known().joined(subscribed(["a", "b"], 5)).joined(subscribed(["b"], 3, left={"a": 7}))

    assert known == Known({"b": 5}, {"a": 7})


def test_known_remembers_a_long_lag_of_the_later_state():
    """A subscription that was asked for long before it was made is written again as that old. Most
    subscriptions have a lag of some ms, which is not remembered."""

    def asked_earlier(by, moment):
        return Subscriptions({"a": Subscription(SINCE, None, moment, lag=by)})

    known = Known().joined(asked_earlier(LONG_LAG, 500))

    assert known.subscriptions({"a": SINCE})["a"].asked == 500 - LONG_LAG
    assert known.joined(asked_earlier(LONG_LAG + 9, 400)).lags == {"a": LONG_LAG}
    assert known.joined(asked_earlier(LONG_LAG - 1, 600)).lags == {}


def test_known_forgets_the_end_of_what_was_subscribed_to_again():
    """The leave of a channel that was joined again is forgotten, since it could end the new
    subscription later."""
    known = Known({}, {"a": 7}).joined(subscribed(["a"], 9))

    assert known == Known({"a": 9}, {})


def test_known_remembers_what_was_left_where_the_registry_has_forgotten_it():
    """The registry remembers fewer leaves than there were. The process remembers some of the
    others."""
    names = [f"row-{number:03}" for number in range(MOST_LEFT + 1)]
    known = Known().joined(subscribed(names, 5)).joined(Subscriptions(forgotten=9))

    assert known.moments == {}
    assert known.left == dict.fromkeys(names[1:], 9)
    assert subscribed(names, 5).undead(known) == set(names[1:])


def test_nothing_is_lost_where_it_was_left():
    """A channel that the client left is not reported as lost, whether the registry remembers the
    leave or only the time of forgotten ones."""
    known = Known({"lost": 5, "left": 5, "forgotten": 3})
    present = Subscriptions(left={"left": 6}, forgotten=4)

    assert present.lost(known) == {"lost"}


def test_the_later_counts_where_a_registry_lost_something():
    """A client had subscriptions at its handshake, and the registry has lost some since. For each
    channel the later of both states counts."""
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
    """A push to one client on a channel that it has left is not delivered, and is not an error."""
    stands = subscribed(["a", "b"], 5, left={"c": 6})

    assert is_heard("a", stands)
    assert not is_heard("c", stands)


def test_client_that_has_gone_hears_nothing():
    """A push to a page that has just closed is not an error."""
    assert not is_heard("a", None)


def test_client_that_has_left_more_than_is_remembered_hears_nothing_of_it():
    """The client has left more channels than are remembered. A push on another channel is not an
    error, since it may be one of those."""
    assert not is_heard("z", subscribed(["a"], 5, forgotten=3))


@pytest.mark.parametrize("digest", [DIGEST, "unknown", "", None])
def test_client_that_never_could_hear_is_an_error(digest):
    """A push to one client on a channel to which it never was subscribed, or to an invalid digest,
    is an error."""
    with pytest.raises(NotSubscribed, match="'b'"):
        is_heard("b", subscribed(["a"], 5), digest)
