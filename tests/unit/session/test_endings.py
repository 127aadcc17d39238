"""Ends of sessions, users and subscriptions take effect in this process at once, and elsewhere when
the registry records them."""

import pytest

from flask_realtime.registries.records import Disconnect, SessionEnd, UserEnd
from tests.eventually import eventually

from .refusing import BAN


def test_registry_is_told_at_once_and_in_order(queue, registry):
    """A visitor logs out. The registry has recorded the session's end before the response is
    sent."""
    queue.run(BAN)

    assert registry.taken == BAN
    assert not queue.is_pending("42")


@pytest.mark.parametrize(
    "ends", [BAN, [SessionEnd("s"), Disconnect(session="s")], [UserEnd("42", "a")]]
)
def test_this_process_acts_whatever_the_registry_takes(queue, registry, here, ends):
    """Redis is down. This process still closes its sockets and removes its pages from channels."""
    registry.refused.update(ends)

    queue.run(ends)

    assert here.done == [end for end in ends if end != UserEnd("42")]


def test_what_is_refused_is_tried_until_it_is_taken(queue, registry):
    """Redis is down during a log-out, which does not fail. The end is sent again until Redis
    records it, and pages that connect meanwhile are refused by it."""
    registry.refused.update(BAN)

    queue.run(BAN)
    was_pending = queue.is_pending("42")
    registry.refused.clear()

    eventually(lambda: registry.taken == BAN)
    eventually(lambda: not queue.is_pending("42"))
    assert was_pending


def test_others_are_told_though_the_end_cannot_be_noted(queue, registry):
    """Redis announces but refuses to write. Other processes are told at once, and once more after
    the end is recorded, since a page may have reconnected before that."""
    end, order = BAN
    registry.refused.add(end)

    queue.run(BAN)
    eventually(lambda: registry.tried.count(end) > 3)
    told_early = registry.taken.copy()
    registry.refused.clear()

    eventually(lambda: registry.taken == [order, end, order])
    assert told_early == [order]


def test_others_are_told_as_soon_as_the_registry_announces(queue, registry):
    """A Redis that was down comes back and refuses to write. Other processes are told all the
    same."""
    _, order = BAN
    registry.refused.update(BAN)
    queue.run(BAN)
    eventually(lambda: registry.tried.count(order) > 1)

    registry.refused.discard(order)

    eventually(lambda: registry.taken == [order])


def test_one_that_is_refused_for_ever_holds_up_no_other(queue, registry):
    """The registry always refuses one end. Other ends, asked for together with it or later, are
    recorded."""
    registry.refused.add(UserEnd("42", "a"))

    queue.run([UserEnd("42", "a"), UserEnd("42", "b")])
    queue.run([SessionEnd("s")])

    eventually(lambda: registry.taken == [UserEnd("42", "b"), SessionEnd("s")])
    eventually(lambda: registry.tried.count(UserEnd("42", "a")) > 3)


def test_fault_holds_up_nothing(queue, registry, monkeypatch, caplog):
    """One end causes an unexpected error, which is logged and not tried again. The others are
    sent."""
    monkeypatch.setattr(registry, "end_user", lambda *user: 1 / 0)

    queue.run(BAN)

    assert registry.taken == BAN[1:]
    assert ZeroDivisionError in [record.exc_info[0] for record in caplog.records if record.exc_info]
