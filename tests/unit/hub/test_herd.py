"""How a herd of pages that refresh a block is spread."""

import pytest

from flask_realtime.hub.herd import FIRST_COST_SECONDS, SHARE_OF_CORE, Herd


@pytest.fixture
def herd():
    return Herd()


def test_spread_grows_with_listeners_and_cost(herd):
    """So that refreshing takes a quarter of a core, however many there are."""
    assert herd.spread("room", 10) == round(1000 * 10 * FIRST_COST_SECONDS / SHARE_OF_CORE)
    assert herd.begin()
    herd.end(0.01)

    assert herd.spread("room", 100) == round(1000 * 100 * 0.01 / SHARE_OF_CORE)


def test_few_pages_do_not_wait(herd):
    """Two people see each other's changes at once."""
    herd.begin()
    herd.end(0.005)

    assert herd.spread("room", 2) == 0


def test_cost_follows_what_is_measured(herd):
    """One block that waited for its database counts little."""
    for seconds in (0.01,) * 50 + (60,):
        assert herd.begin()
        herd.end(seconds)
    once = herd.spread("room", 100)
    for _ in range(50):
        herd.begin()
        herd.end(0.01)

    assert once > herd.spread("room", 100) == pytest.approx(4000, rel=0.01)


def test_herd_too_large_to_refresh_is_told_once(herd, caplog):
    """With the channel and the remedy."""
    for _ in range(3):
        herd.spread("room:1", 1000)
    herd.spread("room:2", 1000)

    assert caplog.text.count("'room:1' takes") == 1
    assert caplog.text.count("'room:2' takes") == 1
    assert "realtime.to('room:1').update" in caplog.text
