"""The time of Redis's clock, as a process knows it from an earlier reply."""

from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.server_time import (
    EXACT_SECONDS,
    FRESH_SECONDS,
    KNOWN_SECONDS,
    UNKNOWN,
    ServerTime,
)

# Redis says so at the moment at which a process's own clock says 1,000 s.
IN_REDIS = (b"1700000000", b"250000")
IN_REDIS_MS = 1_700_000_000_250


def test_time_is_asked_for_now_and_then(clock):
    """The time is asked for together with some commands, not with each of them."""
    clock.now = 1000.0
    time = ServerTime()
    assert time.questions() == (("TIME",),)

    time.note(1000.0, [IN_REDIS])
    assert time.questions() == ()

    clock.now += FRESH_SECONDS
    assert time.questions() == (("TIME",),)


def test_deadline_is_told_by_the_clock_of_redis(clock):
    """The present time and a deadline are given by Redis's clock if that is known; they are not
    given if the last reply is old, or was wrong."""
    clock.now = 1000.0
    time = ServerTime()
    assert time.timing(Deadline(2.0)) == UNKNOWN

    time.note(1000.0, [IN_REDIS])
    clock.now += 5
    sent, over_at = time.timing(Deadline(2.0))
    assert 0 <= sent - (IN_REDIS_MS + 5000) <= 1
    assert 0 <= over_at - (IN_REDIS_MS + 7000) <= 2

    clock.now += KNOWN_SECONDS
    assert time.timing(Deadline(2.0)) == UNKNOWN


def test_time_that_was_told_slowly_is_asked_for_once_more(clock):
    """The reply took long, because the process had to connect first. It does not show when Redis
    read its clock, so the time is asked for again."""
    clock.now = 1000.0
    time = ServerTime()

    clock.now += 10 * EXACT_SECONDS
    time.note(1000.0, [IN_REDIS])

    assert time.questions() == (("TIME",),)
    assert time.timing(Deadline(2.0)) != UNKNOWN


def test_time_that_proved_wrong_is_asked_for_again(clock):
    """Redis's clock was changed. The time is asked for again."""
    clock.now = 1000.0
    time = ServerTime()
    time.note(1000.0, [IN_REDIS])

    time.forget()

    assert time.timing(Deadline(2.0)) == UNKNOWN
    assert time.questions() == (("TIME",),)
