"""What ends sessions, users and subscriptions: here at once, elsewhere as the registry takes it."""

import pytest

from flask_realtime.registries.records import Disconnect, SessionEnd, UserEnd
from tests.eventually import eventually

from .refusing import BAN


def test_registry_is_told_at_once_and_in_order(queue, registry):
    """Whoever logs out has the session's end noted before the response leaves."""
    queue.run(BAN)

    assert registry.taken == BAN
    assert not queue.is_pending("42")


@pytest.mark.parametrize(
    "ends", [BAN, [SessionEnd("s"), Disconnect(session="s")], [UserEnd("42", "a")]]
)
def test_this_process_acts_whatever_the_registry_takes(queue, registry, here, ends):
    """Its sockets are closed, and its pages taken off channels, while Redis is away."""
    registry.refused.update(ends)

    queue.run(ends)

    assert here.done == [end for end in ends if end != UserEnd("42")]


def test_what_is_refused_is_tried_until_it_is_taken(queue, registry):
    """A log-out does not fail; pages that come meanwhile are known by its name."""
    registry.refused.update(BAN)

    queue.run(BAN)
    was_pending = queue.is_pending("42")
    registry.refused.clear()

    eventually(lambda: registry.taken == BAN)
    eventually(lambda: not queue.is_pending("42"))
    assert was_pending


def test_others_are_told_though_the_end_cannot_be_noted(queue, registry):
    """Once while Redis refuses to write, and once more behind the note, since a page may have come
    back before it."""
    end, order = BAN
    registry.refused.add(end)

    queue.run(BAN)
    eventually(lambda: registry.tried.count(end) > 3)
    told_early = registry.taken.copy()
    registry.refused.clear()

    eventually(lambda: registry.taken == [order, end, order])
    assert told_early == [order]


def test_others_are_told_as_soon_as_the_registry_announces(queue, registry):
    """A Redis that was away may come back as one that refuses to write."""
    _, order = BAN
    registry.refused.update(BAN)
    queue.run(BAN)
    eventually(lambda: registry.tried.count(order) > 1)

    registry.refused.discard(order)

    eventually(lambda: registry.taken == [order])


def test_one_that_is_refused_for_ever_holds_up_no_other(queue, registry):
    """Neither what was asked for with it nor what comes later."""
    registry.refused.add(UserEnd("42", "a"))

    queue.run([UserEnd("42", "a"), UserEnd("42", "b")])
    queue.run([SessionEnd("s")])

    eventually(lambda: registry.taken == [UserEnd("42", "b"), SessionEnd("s")])
    eventually(lambda: registry.tried.count(UserEnd("42", "a")) > 3)


def test_fault_holds_up_nothing(queue, registry, monkeypatch, caplog):
    """A fault of ours is seen in the log, is not tried again, and the rest goes on."""
    monkeypatch.setattr(registry, "end_user", lambda *user: 1 / 0)

    queue.run(BAN)

    assert registry.taken == BAN[1:]
    assert ZeroDivisionError in [record.exc_info[0] for record in caplog.records if record.exc_info]
