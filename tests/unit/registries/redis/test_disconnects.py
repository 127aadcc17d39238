"""Orders to close sockets, and to put a user out of a channel."""

import math
from dataclasses import replace

import pytest

from flask_realtime.errors import CloseCode, RegistryUnavailable
from flask_realtime.registries.records import Disconnect, RegistryEvents
from flask_realtime.registries.redis import disconnects
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.disconnects import READ_AT_ONCE, RedisDisconnects
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.pool import RedisPool
from flask_realtime.threads import clock

from ....eventually import DEADLINE, eventually

ORDERS = [Disconnect("digest"), Disconnect(session="s", code=4001), Disconnect(user="a%3Ab")]


class Process:
    """One process that announces orders, and carries out those of others."""

    def __init__(self, url, prefix, name):
        self.told = []
        keys = RedisKeys(prefix)
        self.pool = RedisPool(RedisAddress(url, "url", DEADLINE), DEADLINE)
        self.part = RedisDisconnects(self.pool, keys, name)
        self.events = RegistryEvents(
            *[lambda *_: None] * 2,
            self.told.append,
            lambda *about: self.told.append(about),
            *[lambda: None] * 2,
        )
        self.part.begin(Deadline(DEADLINE))

    def announce(self, order):
        self.part.announce(order, Deadline(DEADLINE))

    def announce_many(self, count):
        """Announce more orders than are kept; Redis drops a hundred at once."""
        for number in range(count):
            self.announce(Disconnect(f"digest-{number}"))

    def catch_up(self):
        """Carry out what was missed; the times at which orders were given are in ``moments``."""
        first = len(self.told)
        self.part.catch_up(self.events, Deadline(DEADLINE))
        self.moments = [one.opened_before for one in self.told[first:]]
        self.told[first:] = [replace(one, opened_before=math.inf) for one in self.told[first:]]

    def hear(self, data):
        self.part.hear(data, self.events)()


@pytest.fixture
def process(redis_url, tmp_path):
    """A function that makes one more process."""
    made = []

    def make(name):
        made.append(Process(redis_url, tmp_path.name, name))
        return made[-1]

    yield make
    for one in made:
        one.pool.close()


@pytest.fixture
def kept(store, tmp_path):
    """A function that returns the orders that are kept, as they were announced."""

    def read():
        entries = store.client.xrange(f"{tmp_path.name}:disconnects")
        return [at + b" " + fields[b"e"] for at, fields in entries]

    return read


def test_orders_that_were_missed_are_carried_out_in_order(process):
    """Those of others, once; what was ordered before a process began to listen is not for it."""
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
    """A user who has logged in since keeps the pages that were opened behind the ban."""
    first, second = process("first"), process("second")
    moments = []
    for order in ORDERS:
        moments.append(clock.monotonic())
        first.announce(order)
        ended = clock.monotonic()
        # A time within Redis has whole ms.
        eventually(lambda ended=ended: clock.monotonic() > ended + 0.002)

    second.catch_up()

    between = zip(moments, second.moments, [*moments[1:], clock.monotonic()], strict=True)
    assert all(before < moment < after for before, moment, after in between)


def test_order_that_was_heard_is_not_carried_out_again(process, kept):
    """A page that has come back since would lose its socket for nothing."""
    first, second = process("first"), process("second")
    for order in ORDERS:
        first.announce(order)
    second.hear(kept()[1])

    second.catch_up()

    assert second.told == [ORDERS[1], ORDERS[0], ORDERS[2]]


@pytest.mark.parametrize("at", [b"99999999999999-0", b"x", b"", b"0-0"])
def test_forged_order_hides_none_that_follow(process, at):
    """Whoever may publish in Redis does not say how far a process has read."""
    first, second = process("first"), process("second")
    second.hear(at + b" stranger:digest:::1000")
    first.announce(ORDERS[0])

    second.catch_up()

    assert second.told == [Disconnect("digest"), ORDERS[0]]


@pytest.mark.parametrize("junk", [b"", b"1-1 ", b"1-1 a:b", b"1-1 a:b:c:d:code", b"1-1 \xff::::1"])
def test_junk_is_no_order(process, junk):
    """It is an error for whoever hears it, and changes nothing."""
    one = process("one")

    with pytest.raises(ValueError):
        one.hear(junk)

    one.catch_up()
    assert one.told == []


def test_more_orders_than_are_read_at_once_are_carried_out(process):
    """In as many steps as it takes."""
    first, second = process("first"), process("second")
    orders = [Disconnect(f"digest-{number}") for number in range(READ_AT_ONCE + 5)]
    for order in orders:
        first.announce(order)

    second.catch_up()

    assert second.told == orders


def test_order_is_kept_by_a_redis_out_of_memory(process, store, kept):
    """A process that does not hear the announcement carries it out later."""
    first, second = process("first"), process("second")

    store.client.config_set("maxmemory", 1)
    try:
        first.announce(ORDERS[0])
    finally:
        store.client.config_set("maxmemory", 0)
    second.catch_up()

    assert second.told == ORDERS[:1]
    assert len(kept()) == 1


EVERYBODY = Disconnect(code=CloseCode.SERVICE_RESTART)


@pytest.fixture
def notices_at_once(monkeypatch):
    """As if a process knew at once that it hears Redis no longer."""
    monkeypatch.setattr(disconnects, "NOTICED_SECONDS", 0)


def is_later(moment):
    """Return whether orders have other ids by now: a time within Redis has whole ms."""
    return clock.monotonic() > moment + 0.002


@pytest.mark.usefixtures("notices_at_once")
def test_process_that_missed_more_orders_than_are_kept_has_all_sockets_come_back(
    process, monkeypatch
):
    """A ban may be among those that are kept no longer, as strangers log out in great numbers."""
    monkeypatch.setattr(disconnects, "MOST_KEPT", 100)
    first, second = process("first"), process("second")
    second.part.note_loss()
    lost_at = clock.monotonic()
    eventually(lambda: is_later(lost_at))
    first.announce(Disconnect(user="banned"))
    first.announce_many(300)

    second.catch_up()
    moment = second.moments[second.told.index(EVERYBODY)]
    returned_at = clock.monotonic()
    eventually(lambda: is_later(returned_at))
    second.part.note_loss()
    second.catch_up()

    assert Disconnect(user="banned") not in second.told
    assert second.told.count(EVERYBODY) == 1
    # Sockets that are opened from now on are let in by what Redis knows.
    assert lost_at < moment < returned_at


@pytest.mark.usefixtures("notices_at_once")
def test_process_that_heard_the_orders_that_are_kept_no_longer_keeps_its_sockets(
    process, monkeypatch
):
    """However many there were before its link to Redis was lost for a moment."""
    monkeypatch.setattr(disconnects, "MOST_KEPT", 100)
    first, second = process("first"), process("second")
    first.announce_many(300)
    heard_at = clock.monotonic()
    eventually(lambda: is_later(heard_at))
    second.part.note_loss()
    lost_at = clock.monotonic()
    eventually(lambda: is_later(lost_at))
    first.announce(ORDERS[0])

    second.catch_up()

    assert second.told == ORDERS[:1]


def test_process_that_heard_nothing_for_longer_than_orders_are_kept_has_all_sockets_come_back(
    process, monkeypatch, kept
):
    """Nothing in Redis tells whether there were any."""
    monkeypatch.setattr(disconnects, "KEPT_SECONDS", 1)
    first, second = process("first"), process("second")
    second.part.note_loss()
    lost_at = clock.monotonic()
    first.announce(Disconnect(user="banned"))
    eventually(lambda: not kept() and clock.monotonic() > lost_at + 1)

    second.catch_up()
    told = second.told.copy()
    second.part.note_loss()
    second.catch_up()

    assert told == second.told == [EVERYBODY]


def test_process_that_cannot_ask_what_it_missed_asks_again(process, monkeypatch):
    """It counts as deaf since its link was lost, and not since it asked in vain."""
    monkeypatch.setattr(disconnects, "KEPT_SECONDS", 1)
    one = process("one")
    one.part.note_loss()
    lost_at = clock.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(one.pool, "ask", refuse)
        with pytest.raises(RegistryUnavailable):
            one.catch_up()
    eventually(lambda: clock.monotonic() > lost_at + 1)
    one.part.note_loss()

    one.catch_up()

    assert one.told == [EVERYBODY]


def refuse(*_):
    raise RegistryUnavailable("Away.")
