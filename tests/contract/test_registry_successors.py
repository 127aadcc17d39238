"""Every registry: of several ends of one session the earliest counts, whichever is recorded
first."""

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import LATE_END_MS, Disconnect

# The ended session, its successor, and the successor of that.
FIRST, SECOND, THIRD, OTHER = ("5" * 32, "6" * 32, "7" * 32, "8" * 32)
HOUR = 3_600_000


def page(session):
    return "a" * 32 + session


def living(registry, *sessions):
    """Return those of the sessions whose pages may connect."""
    return [one for one in sessions if not registry.connect(page(one), "1").has_ended]


def test_registry_tells_whether_a_session_had_ended_before(registry, other):
    """The first request that ends a session may continue with a successor; a second one may come
    from a copied cookie."""
    told = [registry.end_session(FIRST), other.end_session(FIRST), other.end_session(OTHER)]

    assert [bool(one) for one in told] == [False, True, False]


def test_registry_tells_how_long_ago_a_session_had_ended(registry, other):
    """A form that was sent twice ends its session twice within moments; a thief may come at any
    time."""
    registry.end_session(FIRST, age=HOUR)
    registry.end_session(OTHER)

    long_ago, just_now = other.end_session(FIRST), other.end_session(OTHER)

    assert HOUR <= long_ago < 2 * HOUR
    assert 1 <= just_now < HOUR


def test_successor_lives(registry, heard):
    """A form is sent twice and ends the session a second time. The successor still works."""
    registry.end_session(FIRST, successor=SECOND)
    registry.end_session(FIRST, successor=THIRD)
    registry.end_session(FIRST)

    assert living(registry, FIRST, SECOND) == [SECOND]
    assert heard.disconnected == []


def test_successor_ends_when_an_earlier_end_is_told_late(registry, other, heard, heard_by_other):
    """Somebody had logged out in a process that could not reach the registry, and then a thief got
    a successor. The late end ends the successor too."""
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
    """A lost link may have interrupted the first attempt, so the late end is recorded again, and
    ends the successor again."""
    registry.end_session(FIRST, successor=SECOND)

    for _ in range(2):
        registry.end_session(FIRST, age=HOUR)

    order = Disconnect(session=SECOND, code=CloseCode.SESSION_CHANGED)
    heard.wait_for(lambda: len(heard.disconnected) == 2)
    assert heard.disconnected == [order, order]


def test_end_that_is_told_once_more_ends_no_successor_of_its_own(registry, heard):
    """An end is recorded a second time for the same moment. It does not end its own successor."""
    registry.end_session(FIRST, successor=SECOND)

    registry.end_session(FIRST, age=HOUR, successor=SECOND)

    assert living(registry, SECOND) == [SECOND]
    assert heard.disconnected == []


@pytest.mark.parametrize("age", [0, LATE_END_MS - 1])
def test_requests_that_are_sent_at_once_end_no_successor(registry, age):
    """Two processes record ends of requests that were sent together, in either order. No successor
    ends."""
    registry.end_session(FIRST, successor=SECOND)

    registry.end_session(FIRST, age=age)

    assert living(registry, SECOND) == [SECOND]


def test_end_that_is_told_late_ends_no_successor_of_an_earlier_end(registry):
    """A late end does not reach the successor of an end that was earlier still."""
    registry.end_session(FIRST, age=2 * HOUR, successor=SECOND)

    registry.end_session(FIRST, age=HOUR)

    assert living(registry, SECOND) == [SECOND]


def test_late_end_takes_its_right_from_the_message_that_ended_the_session_later(registry):
    """Somebody with a copied cookie ends the session by a message of an open socket. When an
    earlier end is recorded late, that message may not hand over its changes."""
    heir = f"{page(FIRST)}:message-1"
    registry.end_session(FIRST, heir)
    registry.deposit(page(FIRST), "own", heir)

    registry.end_session(FIRST, age=HOUR)
    registry.deposit(page(FIRST), "more", heir)

    assert registry.collect(page(FIRST), "taker") == []


def test_message_that_tells_its_end_once_more_keeps_its_right(registry):
    """The reply to a message's end was lost, and the end is sent again. The message may still hand
    over its changes."""
    heir = f"{page(FIRST)}:message-1"
    registry.end_session(FIRST, heir)
    registry.deposit(page(FIRST), "own", heir)

    registry.end_session(FIRST, heir, age=HOUR)

    assert registry.collect(page(FIRST), "taker") == ["own"]
