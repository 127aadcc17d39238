"""Portions of work, each for one call."""

from flask_realtime.threads.portions import portions


def divided(*weights, most=10):
    return list(portions(weights, lambda weight: weight, most))


def test_portion_weighs_so_much_at_most():
    """A portion has a limited weight; the order stays, and nothing is left out."""
    assert divided(4, 6, 1, 9, 1) == [(4, 6), (1, 9), (1,)]
    assert divided() == []


def test_heavy_item_goes_alone():
    """An item heavier than the limit is a portion of its own."""
    assert divided(1, 11, 12, 1, 1) == [(1,), (11,), (12,), (1, 1)]


def test_items_that_weigh_nothing_hold_nothing_up():
    """Items without weight, such as clients without a connection here, do not fill a portion."""
    assert divided(0, 10, 0) == [(0, 10, 0)]
