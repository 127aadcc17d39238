"""The hash of a client, as Redis returns it."""

from flask_realtime.protocol.positions import Position
from flask_realtime.registries.redis.client_hashes import (
    as_fields,
    holders_in,
    subscriptions_in,
    waiting_for,
)

HASH = [
    *(b"since:a:b", b"e:3:t:1700", b"sent:a:b", b"e:4:u", b"left:c", b"1600"),
    *(b"connections", b"me/1 other/2 me/3", b"at", b"1700"),
]


def test_hash_tells_what_a_client_is_subscribed_to():
    """The hash holds a client's channels, the position up to which each was sent, and the channels
    that it has left; names may hold colons."""
    found = subscriptions_in(HASH, "me/")

    assert set(found) == {"a:b"}
    assert (found["a:b"].since, found["a:b"].sent) == (Position("e", 3, "t"), Position("e", 4, "u"))
    assert (found["a:b"].moment, found["a:b"].asked) == (1700, 1700)
    assert found.left == {"c": 1600}


def test_hash_tells_how_long_before_a_subscription_was_asked_for():
    """A subscription is read with how long before it was asked for: a handler may take seconds."""
    one = subscriptions_in([b"since:a", b"e:3:t:1700-30"], "me/")["a"]

    assert (one.moment, one.asked, one.since) == (1700, 1670, Position("e", 3, "t"))


def test_hash_tells_which_processes_have_the_client():
    """The hash names the processes with connections of the client, each with its own names for
    them."""
    assert holders_in(HASH) == {"me", "other"}
    assert subscriptions_in(HASH, "me/").connections == ["1", "3"]
    assert as_fields([]) == {}


def test_hash_tells_where_a_log_ended_when_the_client_left():
    """The position counts if it was noted by the same leave: a process of an earlier version notes
    none. The subscription that ended there had begun at another position, if there was one."""
    ends = [b"end:c", b"1600:e:7:t e/5/r", b"left:d", b"1700", b"end:d", b"1500:e:3:s e/2/q"]

    found = subscriptions_in([*HASH, *ends], "me/")

    assert (found.ends, found.begun) == ({"c": Position("e", 7, "t")}, {"c": Position("e", 5, "r")})
    found = subscriptions_in([*HASH, b"end:c", b"1600:e:7:t"], "me/")
    assert (found.ends, found.begun) == ({"c": Position("e", 7, "t")}, {})


def test_items_of_another_client_of_the_session_do_not_wait_for_this_one():
    """Changes of another page of the session, and changes that were fetched, do not wait for this
    client."""
    items = [
        b'[0,"d","",0]\nfirst\nline',
        b'[1,"other","",0]\nhers',
        b'[2,"d","taker",9]\ntaken',
    ]

    assert waiting_for("d", items) == ["first\nline"]
