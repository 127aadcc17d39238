"""Orders to close sockets, and to remove a user from a channel."""

import math
from dataclasses import replace

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import LATE_MS, Disconnect
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.disconnects import READ_AT_ONCE
from flask_realtime.threads import clock

from ....eventually import DEADLINE, eventually
from .processes import ORDERS


def test_orders_that_were_missed_are_carried_out_in_order(process):
    """A process carries out missed orders of others once and in order, and none from before it
    began to listen."""
    first = process("first")
    first.announce(Disconnect("too early"))
    second = process("second")
    for order in ORDERS:
        first.announce(order)
    deadline = Deadline(DEADLINE)
    over_at = first.pool.over_at(deadline)
    first.part.announce_unsubscribe("user", "room:1:a", over_at, deadline)

    for one in (first, second, second):
        one.catch_up()

    come_back = Disconnect(user="user", code=CloseCode.SERVICE_RESTART)
    assert second.told == [*ORDERS, come_back]
    assert first.told == []


def test_missed_order_is_for_the_sockets_that_were_open_when_it_was_given(process):
    """A user was banned and has logged in again. A missed order does not close pages that were
    opened after it."""
    first, second = process("first"), process("second")
    moments = []
    for order in ORDERS:
        moments.append(clock.monotonic())
        first.announce(order)
        ended = clock.monotonic()
        # Longer than it takes a busy machine to tell Redis's time: an order may pass for as much
        # later, so that it closes a socket too many, but none too few.
        eventually(lambda ended=ended: clock.monotonic() > ended + 0.5)

    second.catch_up()

    between = zip(moments, second.moments, [*moments[1:], clock.monotonic()], strict=True)
    assert all(before < moment < after for before, moment, after in between)


def test_order_that_was_heard_is_not_carried_out_again(process, kept):
    """An order that the process has received is not carried out a second time, which would close
    pages that have reconnected."""
    first, second = process("first"), process("second")
    for order in ORDERS:
        first.announce(order)
    second.hear(kept()[1])

    second.catch_up()

    assert second.told == [ORDERS[1], ORDERS[0], *ORDERS[2:]]


def test_order_that_is_heard_late_ends_no_page_that_was_opened_since(process, kept):
    """The network delays an order until the user has logged in again. Pages from before the order
    end; later ones connect again, and Redis knows that they may."""
    first, second = process("first"), process("second")
    before = clock.monotonic()
    first.announce(ORDERS[0])
    text = kept()[0].partition(b" ")[2]
    given_at = int(kept()[0].partition(b"-")[0])

    second.hear(b"%d-0 " % (given_at - 10 * LATE_MS) + text)
    second.hear(b"%d-1 " % given_at + text)

    assert len(second.told) == 3
    late, come_back, in_time = second.told
    assert replace(late, opened_before=math.inf) == in_time == ORDERS[0]
    assert before - 11 * LATE_MS / 1000 < late.opened_before < before - 9 * LATE_MS / 1000
    assert come_back == replace(ORDERS[0], code=CloseCode.SERVICE_RESTART)


def test_removal_that_is_heard_late_has_the_pages_come_back(process, kept):
    """Pages come back, and keep the channel if the user was let into it again since."""
    first, second = process("first"), process("second")
    deadline = Deadline(DEADLINE)
    first.part.announce_unsubscribe("user", "room:1:a", first.pool.over_at(deadline), deadline)
    at, _, text = kept()[0].partition(b" ")

    second.hear(b"%d-0 " % (int(at.partition(b"-")[0]) - 10 * LATE_MS) + text)
    second.hear(kept()[0])

    *late, in_time = second.told
    assert Disconnect(user="user", code=CloseCode.SERVICE_RESTART) in late
    assert all(isinstance(one, Disconnect) for one in late)
    # With the moment at which Redis was told: what the pages have asked for since stays.
    assert in_time == ("user", "room:1:a", int(at.partition(b"-")[0]))


@pytest.mark.parametrize("at", [b"99999999999999-0", b"x", b"", b"0-0"])
def test_forged_order_hides_none_that_follow(process, at):
    """A forged order does not change the position up to which a process has read."""
    first, second = process("first"), process("second")
    second.hear(at + b" stranger:digest:::1000")
    first.announce(ORDERS[0])

    second.catch_up()

    assert {one.digest for one in second.told[:-1]} == {"digest"}
    assert second.told[-1] == ORDERS[0]


@pytest.mark.parametrize("junk", [b"", b"1-1 ", b"1-1 a:b", b"1-1 a:b:c:d:code", b"1-1 \xff::::1"])
def test_junk_is_no_order(process, junk):
    """A malformed order is an error for its receiver, and changes nothing."""
    one = process("one")

    with pytest.raises(ValueError):
        one.hear(junk)

    one.catch_up()
    assert one.told == []


def test_more_orders_than_are_read_at_once_are_carried_out(process):
    """Many missed orders are carried out in several steps."""
    first, second = process("first"), process("second")
    orders = [Disconnect(f"digest-{number}") for number in range(READ_AT_ONCE + 5)]
    for order in orders:
        first.announce(order)

    second.catch_up()

    assert second.told == orders


def test_order_is_kept_by_a_redis_out_of_memory(process, store, kept):
    """Redis is out of memory. A process that misses an announcement carries the order out later."""
    first, second = process("first"), process("second")

    store.client.config_set("maxmemory", 1)
    try:
        first.announce(ORDERS[0])
    finally:
        store.client.config_set("maxmemory", 0)
    second.catch_up()

    assert second.told == ORDERS[:1]
    assert len(kept()) == 1
