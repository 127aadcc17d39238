"""Orders that a process does not receive, and that Redis may have dropped when the process asks for
them."""

from dataclasses import replace

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.records import Disconnect
from flask_realtime.registries.redis import disconnects
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.threads import clock

from ....eventually import DEADLINE, eventually
from .processes import EVERYBODY, ORDERS


@pytest.fixture
def notices_at_once(monkeypatch):
    """Make a process notice at once that it is cut off from Redis."""
    monkeypatch.setattr(disconnects, "NOTICED_SECONDS", 0)


def is_later(moment):
    """Return whether new orders have other ids by now: Redis's time has whole milliseconds."""
    return clock.monotonic() > moment + 0.002


def wait_a_moment():
    """Wait until new orders have other ids, and return when the waiting began."""
    began = clock.monotonic()
    eventually(lambda: is_later(began))
    return began


def miss_a_ban_among_many(first, second):
    """Cut the second process off, while the first one announces a ban and many log-outs.

    :returns: when the second process was cut off.
    """
    second.part.note_loss()
    lost_at = wait_a_moment()
    first.announce(Disconnect(user="banned"))
    first.announce_many(300)
    return lost_at


@pytest.mark.usefixtures("notices_at_once")
def test_process_that_missed_more_orders_than_are_kept_goes_by_the_tombstones(process, monkeypatch):
    """Strangers log out in great numbers while a process is cut off, so that Redis drops some
    orders, perhaps a ban. The process asks Redis which sessions and users have ended."""
    monkeypatch.setattr(disconnects, "MOST_KEPT", 100)
    first, second = process("first"), process("second")
    lost_at = miss_a_ban_among_many(first, second)

    second.catch_up()
    moment = second.moments[second.told.index(EVERYBODY)]
    returned_at = wait_a_moment()
    second.part.note_loss()
    second.catch_up()

    assert Disconnect(user="banned") not in second.told
    assert second.told.count(EVERYBODY) == 1
    # Sockets that are opened from now on are let in by what Redis knows.
    assert lost_at < moment < returned_at


@pytest.mark.usefixtures("notices_at_once")
def test_process_that_reads_what_it_missed_in_two_attempts_misses_nothing(process, monkeypatch):
    """The first attempt to read missed orders took too long. The second one misses none."""
    monkeypatch.setattr(disconnects, "MOST_KEPT", 100)
    monkeypatch.setattr(disconnects, "READ_AT_ONCE", 10)
    first, second = process("first"), process("second")
    miss_a_ban_among_many(first, second)
    deadline = Deadline(DEADLINE)

    def be_slow(order):
        second.told.append(order)
        deadline.seconds, deadline._at = 0, clock.monotonic()

    slow = replace(second.events, disconnected=be_slow)
    with pytest.raises(RegistryUnavailable):
        second.part.catch_up(slow, lambda deaf_for: [EVERYBODY], deadline)
    assert EVERYBODY not in second.told

    second.catch_up()

    assert EVERYBODY in second.told


def test_kept_order_of_another_kind_hides_none_that_follow(process, store, tmp_path, caplog):
    """Another version of this package has announced an order that this one does not know. The
    orders after it are carried out."""
    first, second = process("first"), process("second")
    store.client.xadd(f"{tmp_path.name}:disconnects", {"e": "an order of another kind"})
    first.announce(ORDERS[0])

    second.catch_up()

    assert second.told == ORDERS[:1]
    assert "cannot be read" in caplog.text


@pytest.mark.usefixtures("notices_at_once")
def test_process_that_heard_the_orders_that_are_kept_no_longer_keeps_its_sockets(
    process, monkeypatch
):
    """Redis has dropped many orders, but the process had received them before its short outage. Its
    sockets stay."""
    monkeypatch.setattr(disconnects, "MOST_KEPT", 100)
    first, second = process("first"), process("second")
    first.announce_many(300)
    wait_a_moment()
    second.part.note_loss()
    wait_a_moment()
    first.announce(ORDERS[0])

    second.catch_up()

    assert second.told == ORDERS[:1]


def test_process_that_heard_nothing_for_longer_than_orders_are_kept_goes_by_the_tombstones(
    process, monkeypatch, kept
):
    """A process was cut off for longer than Redis keeps orders. It asks Redis which sessions and
    users have ended."""
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
    """A process cannot read the missed orders at first. It counts as cut off since its link was
    lost, not since the failed read."""
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
