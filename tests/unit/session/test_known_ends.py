"""Ends of sessions that this process itself knows, whatever the registry records."""

import pytest

from flask_realtime.session import known_ends
from flask_realtime.session.known_ends import KnownEnds
from flask_realtime.threads import clock


def test_session_that_has_ended_is_known():
    """A session that this process has ended is known as ended, and no other."""
    ends = KnownEnds()

    ends.note("one")

    assert ends.has_ended("one")
    assert not ends.has_ended("other")


@pytest.mark.parametrize(
    ("heir", "has_ended"), [("digest:1", False), ("digest:2", True), ("", True)]
)
def test_message_that_has_ended_its_own_session_is_told_apart(heir, has_ended):
    """A message logs out. Its own further work is not refused for that; the order to close the
    sockets names no message."""
    ends = KnownEnds()

    ends.note("one", "digest:1")
    ends.note_order("one", is_left=True)
    ends.leave("one")

    assert ends.has_ended("one", heir) is has_ended


def test_session_ended_by_http_has_ended_for_all():
    """A session that was ended by HTTP, not by a message, has ended for every message."""
    ends = KnownEnds()

    ends.note("one")

    assert ends.has_ended("one", "")


def test_what_is_known_takes_a_bounded_part_of_the_memory(monkeypatch):
    """Only a limited number of ends is remembered, for minutes: the oldest goes first. The registry
    remembers longer."""
    monkeypatch.setattr(known_ends, "MOST_KNOWN", 2)
    ends = KnownEnds()

    for name in ("one", "two", "three"):
        ends.note(name)
    known = [name for name in ("one", "two", "three") if ends.has_ended(name)]
    later = clock.monotonic() + known_ends.KNOWN_SECONDS
    monkeypatch.setattr(clock, "monotonic", lambda: later)

    assert known == ["two", "three"]
    assert not ends.has_ended("three")


def test_form_that_is_sent_twice_comes_within_a_minute(monkeypatch):
    """A second request within a minute may be a form that was sent twice. A later one comes from a
    browser that kept the old cookie, or from somebody with a copy of it."""
    ends, now = KnownEnds(), clock.monotonic()
    moments = iter([now, now + known_ends.JUST_SECONDS / 2])
    monkeypatch.setattr(clock, "monotonic", lambda: next(moments, now + known_ends.JUST_SECONDS))

    ends.note("one")
    found = ends.has_just_ended("one")
    # A later request of the session ends it again.
    ends.note("one")

    assert found and not ends.has_just_ended("one")
    assert not ends.has_just_ended("other")
    assert ends.has_ended("one")


def test_session_that_is_anothers_now_was_left_then(monkeypatch):
    """A session ends and stays the same user's, who logs out later. The browser has got another
    session since the log-out."""
    moment = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moment[0])
    ends = KnownEnds()

    ends.note("one")
    was_left = ends.was_left("one", 100.0)
    moment[0] = 200.0
    ends.leave("one")

    assert not was_left and ends.was_left("one", 200.0)
    assert not ends.was_left("one", 200.1)
    assert not ends.was_left("other", 0.0)


def test_process_goes_by_an_order_that_says_the_browser_has_another_session():
    """An order of another process ends a session, which may be begun anew for the same user. Of a
    session whose end is known it may still say that the browser has got another one. Its own
    message may end it still."""
    ends, names = KnownEnds(), ("own", "anothers", "ended")

    ends.note("own", "heir")
    for name in ("own", "anothers"):
        ends.note_order(name, is_left=True)
    for name in names:
        ends.note_order(name, is_left=False)

    assert [ends.was_left(one, 0.0) for one in names] == [True, True, False]
    assert [ends.has_ended(one, "heir") for one in names] == [False, True, True]


def test_users_that_were_disconnected_are_known_from_then_on(monkeypatch):
    """A request that came before that is told from one that came later. Only a limited number of
    users is remembered, for minutes."""
    monkeypatch.setattr(known_ends, "MOST_KNOWN", 2)
    ends, began = KnownEnds(), clock.monotonic()

    for name in ("one", "two", "three"):
        ends.note_user(name)
    known = [name for name in ("one", "two", "three", "four") if ends.was_disconnected(name, began)]
    later = clock.monotonic() + known_ends.KNOWN_SECONDS

    assert known == ["two", "three"]
    assert not ends.was_disconnected("three", later)
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    assert not ends.was_disconnected("three", began)
