"""How a herd of pages that refresh a block is spread."""

import pytest

from flask_realtime.hub.herd import (
    FIRST_COST_SECONDS,
    LONGEST_SPREAD_SECONDS,
    RENDERED_AT_ONCE,
    SHARE_OF_CORE,
    Herd,
)


@pytest.fixture
def herd():
    return Herd()


def test_spread_grows_with_listeners_and_cost(herd):
    """So that refreshing takes a quarter of a core, however many there are."""
    assert herd.spread("room", 10) == round(1000 * 10 * FIRST_COST_SECONDS / SHARE_OF_CORE)
    assert herd.begin("show")
    herd.end("show", 0.01)

    assert herd.spread("room", 100) == round(1000 * 100 * 0.01 / SHARE_OF_CORE)


def test_few_pages_do_not_wait(herd):
    """Two people see each other's changes at once."""
    herd.begin("show")
    herd.end("show", 0.005)

    assert herd.spread("room", 2) == 0


def test_cost_follows_what_is_measured(herd):
    """One block that waited for its database counts little."""
    for seconds in (0.01,) * 50 + (60,):
        assert herd.begin("show")
        herd.end("show", seconds)
    once = herd.spread("room", 100)
    for _ in range(50):
        herd.begin("show")
        herd.end("show", 0.01)

    assert once > herd.spread("room", 100) == pytest.approx(4000, rel=0.01)


def test_herd_too_large_to_refresh_is_told_once(herd, caplog):
    """With the channel and the remedy."""
    for _ in range(3):
        herd.spread("room:1", 1000)
    herd.spread("room:2", 1000)

    assert caplog.text.count("'room:1' takes") == 1
    assert caplog.text.count("'room:2' takes") == 1
    assert "realtime.to('room:1').update" in caplog.text


def test_view_that_is_held_up_holds_up_no_other(herd):
    """Somebody asks for a slow one again and again."""
    assert all(herd.begin("slow") for _ in range(RENDERED_AT_ONCE))

    assert not herd.begin("slow")
    assert herd.begin("show")


def test_request_that_rendered_no_block_is_no_measure(herd):
    """A view that has none took its time."""
    before = herd.spread("room", 100)
    herd.begin("slow")
    herd.end("slow", None)

    assert herd.spread("room", 100) == before


def test_no_page_waits_for_hours(herd):
    """However long somebody has made a block take."""
    for _ in range(50):
        herd.begin("show")
        herd.end("show", 1000.0)

    assert herd.spread("room", 100_000) == 1000 * LONGEST_SPREAD_SECONDS
