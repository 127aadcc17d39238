"""How many requests for blocks of one view are answered at one time."""

from flask_realtime.hub.concurrency_limit import (
    MOST_AT_ONCE,
    RENDERED_AT_ONCE,
    ConcurrencyLimit,
)


def note(limit, seconds, count, is_wanted=True):
    """Note *count* requests that took so long, each with as many beside it as are allowed."""
    for _ in range(count):
        limit.note(seconds, limit.at_once, is_wanted)


def test_more_are_answered_at_once_where_that_makes_none_slower():
    """The view waits for a database that answers all in the same time."""
    limit = ConcurrencyLimit()

    note(limit, 0.1, 20)
    after_some = limit.at_once
    note(limit, 0.1, 20_000)

    assert after_some > 2 * RENDERED_AT_ONCE
    assert limit.at_once == MOST_AT_ONCE


def test_no_more_are_answered_at_once_where_each_takes_longer():
    """The view computes: with three at a time each takes half as long again as with two."""
    limit = ConcurrencyLimit()
    sizes = set()

    for _ in range(200):
        limit.note(0.05 * limit.at_once, limit.at_once, is_wanted=True)
        sizes.add(limit.at_once)

    assert sizes <= {RENDERED_AT_ONCE, RENDERED_AT_ONCE + 1}


def test_fewer_are_answered_at_once_when_they_hold_each_other_up():
    """The database has become slow by so many requests."""
    limit = ConcurrencyLimit()
    note(limit, 0.1, 200)
    before = limit.at_once

    note(limit, 0.3, 200)

    assert before > RENDERED_AT_ONCE
    assert limit.at_once == RENDERED_AT_ONCE


def test_view_that_became_slower_by_itself_is_answered_more_at_once_again():
    """It takes longer than it did, however few ask: that is what is usual from then on."""
    limit = ConcurrencyLimit()
    note(limit, 0.1, 20)

    note(limit, 0.3, 400)

    assert limit.at_once > 2 * RENDERED_AT_ONCE


def test_fewer_are_answered_at_once_when_nobody_waits():
    """The crowd has gone. The next one finds as few turns as the first."""
    limit = ConcurrencyLimit()
    note(limit, 0.1, 200)

    note(limit, 0.1, 200, is_wanted=False)

    assert limit.at_once == RENDERED_AT_ONCE
