"""Every registry: of several ends of one session the first counts, whichever is told first."""

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import LATE_END_MS, Disconnect

# What ended, what took its place, and what took the place of that.
FIRST, SECOND, THIRD, OTHER = ("5" * 32, "6" * 32, "7" * 32, "8" * 32)
HOUR = 3_600_000


def page(session):
    return "a" * 32 + session


def living(registry, *sessions):
    """Return those of the sessions of which a page may connect."""
    return [one for one in sessions if not registry.connect(page(one), "1").has_ended]


def test_registry_tells_whether_a_session_had_ended_before(registry, other):
    """Who ended it first may go on with another; who comes second has a copy, say."""
    told = [registry.end_session(FIRST), other.end_session(FIRST), other.end_session(OTHER)]

    assert [bool(one) for one in told] == [False, True, False]


def test_registry_tells_how_long_ago_a_session_had_ended(registry, other):
    """A form that was sent twice ends its session twice within moments; a thief comes whenever."""
    registry.end_session(FIRST, age=HOUR)
    registry.end_session(OTHER)

    long_ago, just_now = other.end_session(FIRST), other.end_session(OTHER)

    assert HOUR <= long_ago < 2 * HOUR
    assert 1 <= just_now < HOUR


def test_successor_lives(registry, heard):
    """Also where the session is ended once more, by the form that is sent twice."""
    registry.end_session(FIRST, successor=SECOND)
    registry.end_session(FIRST, successor=THIRD)
    registry.end_session(FIRST)

    assert living(registry, FIRST, SECOND) == [SECOND]
    assert heard.disconnected == []


def test_successor_ends_when_an_earlier_end_is_told_late(registry, other, heard, heard_by_other):
    """Somebody had logged out by a process that could not tell; then a thief got a successor."""
    other.end_session(FIRST, successor=SECOND)
    other.end_session(SECOND, successor=THIRD)
    other.connect(page(THIRD), "1")

    had_ended = registry.end_session(FIRST, age=HOUR)

    assert had_ended
    orders = [Disconnect(session=one, code=CloseCode.SESSION_CHANGED) for one in (SECOND, THIRD)]
    for recorder in (heard, heard_by_other):
        recorder.wait_for(lambda recorder=recorder: len(recorder.disconnected) == 2)
        assert recorder.disconnected == orders
    assert living(registry, FIRST, SECOND, THIRD, OTHER) == [OTHER]


def test_late_end_that_is_told_twice_ends_the_successor_twice(registry, heard):
    """The first time may have been cut short by a lost link."""
    registry.end_session(FIRST, successor=SECOND)

    for _ in range(2):
        registry.end_session(FIRST, age=HOUR)

    order = Disconnect(session=SECOND, code=CloseCode.SESSION_CHANGED)
    heard.wait_for(lambda: len(heard.disconnected) == 2)
    assert heard.disconnected == [order, order]


def test_end_that_is_told_once_more_ends_no_successor_of_its_own(registry, heard):
    """The registry had taken it late, for an end of that moment."""
    registry.end_session(FIRST, successor=SECOND)

    registry.end_session(FIRST, age=HOUR, successor=SECOND)

    assert living(registry, SECOND) == [SECOND]
    assert heard.disconnected == []


@pytest.mark.parametrize("age", [0, LATE_END_MS - 1])
def test_requests_that_are_sent_at_once_end_no_successor(registry, age):
    """Each process tells its end a moment after the request has come, and in either order."""
    registry.end_session(FIRST, successor=SECOND)

    registry.end_session(FIRST, age=age)

    assert living(registry, SECOND) == [SECOND]


def test_end_that_is_told_late_ends_no_successor_of_an_earlier_end(registry):
    """Who went on with another session before is not reached by what comes after."""
    registry.end_session(FIRST, age=2 * HOUR, successor=SECOND)

    registry.end_session(FIRST, age=HOUR)

    assert living(registry, SECOND) == [SECOND]


def test_late_end_takes_its_right_from_the_message_that_ended_the_session_later(registry):
    """Somebody with a copy has an open socket, and ends the session by it."""
    heir = f"{page(FIRST)}:message-1"
    registry.end_session(FIRST, heir)
    registry.deposit(page(FIRST), "own", heir)

    registry.end_session(FIRST, age=HOUR)
    registry.deposit(page(FIRST), "more", heir)

    assert registry.collect(page(FIRST), "taker") == []


def test_message_that_tells_its_end_once_more_keeps_its_right(registry):
    """The answer to the first time was lost."""
    heir = f"{page(FIRST)}:message-1"
    registry.end_session(FIRST, heir)
    registry.deposit(page(FIRST), "own", heir)

    registry.end_session(FIRST, heir, age=HOUR)

    assert registry.collect(page(FIRST), "taker") == ["own"]
