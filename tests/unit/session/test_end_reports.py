"""What the registry is told of an end, and what is noted of its answer."""

import logging

import pytest

from flask_realtime.errors import CloseCode, RegistryUnavailable
from flask_realtime.registries.records import LATE_MS, Disconnect, SessionEnd, UserEnd
from flask_realtime.session.end_reports import EndReports
from flask_realtime.session.waiting_ends import WaitingEnd


class Told:
    """A registry that notes what it is told, and fails by an error if it has one."""

    def __init__(self, error=None):
        self.error = error
        self.orders = []

    def disconnect(self, order):
        self.orders.append(order)
        if self.error is not None:
            raise self.error

    def end_user(self, user, channel, age):
        self.orders.append((user, channel))

    def end_session(self, session, heir, age, successor):
        self.orders.append((session, heir, successor))
        return 7


def test_registry_is_told_of_each_kind_of_end():
    """A session, a user and the sockets of a page end. Of a session the registry says how long ago
    it had ended."""
    registry, ended = Told(), WaitingEnd(SessionEnd("a session", "an heir", "a successor"))
    reports = EndReports(registry)

    taken = [
        reports.is_taken(one, logging.WARNING)
        for one in (ended, WaitingEnd(UserEnd("42")), WaitingEnd(Disconnect(digest="d")))
    ]

    assert taken == [True] * 3
    assert registry.orders == [
        ("a session", "an heir", "a successor"),
        ("42", None),
        Disconnect(digest="d"),
    ]
    assert ended.ended_ago == 7
    assert (reports.is_away, reports.refusals) == (False, 0)


def test_order_that_is_told_late_has_pages_come_back():
    """The user may have logged in again since."""
    registry, late = Told(), WaitingEnd(Disconnect(user="42"))
    late.moment -= (LATE_MS + 1000) / 1000

    EndReports(registry).is_taken(late, logging.WARNING)

    assert [one.code for one in registry.orders] == [CloseCode.SERVICE_RESTART]


@pytest.mark.parametrize(
    ("error", "is_taken", "refusals"),
    [(RegistryUnavailable("away"), False, 1), (ValueError("never"), True, 0)],
)
def test_end_that_the_registry_refuses_is_told_again(error, is_taken, refusals, caplog):
    """A registry that is away is asked again; an end that it cannot note is given up. The log tells
    of both."""
    reports = EndReports(Told(error))

    assert reports.is_taken(WaitingEnd(Disconnect(digest="d")), logging.WARNING) is is_taken
    assert (reports.is_away, reports.refusals) == (bool(refusals), refusals)
    assert len(caplog.records) == 1
