"""What one call to a registry is asked."""

from flask_realtime.hub.portions import portions


def divided(*weights, most=10):
    return list(portions(weights, lambda weight: weight, most))


def test_portion_weighs_so_much_at_most():
    """The order stays, and nothing is left out."""
    assert divided(4, 6, 1, 9, 1) == [(4, 6), (1, 9), (1,)]
    assert divided() == []


def test_heavy_item_goes_alone():
    """It is asked for all the same."""
    assert divided(1, 11, 12, 1, 1) == [(1,), (11,), (12,), (1, 1)]


def test_items_that_weigh_nothing_hold_nothing_up():
    """Clients without a connection here, for example."""
    assert divided(0, 10, 0) == [(0, 10, 0)]
