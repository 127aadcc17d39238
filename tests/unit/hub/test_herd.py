"""Pages that refresh a block at the same time spread their requests."""

import math
from threading import Event, Thread

import pytest

from flask_realtime.hub.herd import (
    FIRST_COST_SECONDS,
    LONGEST_SPREAD_SECONDS,
    MEASUREMENTS,
    RENDERED_AT_ONCE,
    SHARE_OF_CORE,
    UNSPREAD_SECONDS,
    Herd,
)

from ...eventually import DEADLINE, eventually


@pytest.fixture
def herd():
    return Herd()


def measure(herd, *costs):
    """Record blocks whose rendering takes so many seconds."""
    for seconds in costs:
        herd.end(herd.begin("show"), seconds)


def waiting_for(herd, view):
    """Return how many requests wait for a turn of *view*."""
    turns = herd._turns_of[view]
    return turns._newcomers.length + turns._others.length


def spread_of(seconds):
    """Return over how many milliseconds pages spread whose blocks take so long together."""
    return round(1000 * (seconds - UNSPREAD_SECONDS) / SHARE_OF_CORE)


def test_spread_grows_with_listeners_and_cost(herd):
    """Pages spread so that refreshing takes a quarter of a core, whatever their number."""
    assert herd.spread("room", 10) == spread_of(10 * FIRST_COST_SECONDS)
    measure(herd, 0.01)

    assert herd.spread("room", 100) == spread_of(100 * 0.01)


def test_few_pages_do_not_wait(herd):
    """Two people see each other's changes at once, also the first one."""
    assert herd.spread("room", 2) == 0
    measure(herd, 0.04, 0.005)

    assert herd.spread("room", 20) == 0


def test_one_more_page_makes_none_wait_much_longer(herd):
    """One page too many to ask at once adds a short wait, not one for all pages."""
    measure(herd, 0.005)

    assert 0 < herd.spread("room", 21) < 50


def test_first_block_is_no_measure_once_there_is_another(herd):
    """The first block compiled its template and connected to the database, so it does not count
    once others were measured."""
    measure(herd, 1.0, 0.01)

    assert herd.spread("room", 100) == spread_of(100 * 0.01)


def test_cost_follows_what_is_measured(herd):
    """A few slow blocks among many fast ones do not count; if all become slow, the cost rises."""
    measure(herd, *(0.01,) * MEASUREMENTS, *(60,) * (MEASUREMENTS // 2))

    assert herd.spread("room", 100) == spread_of(100 * 0.01)
    measure(herd, *(0.02,) * MEASUREMENTS)
    assert herd.spread("room", 100) == spread_of(100 * 0.02)


def test_herd_too_large_to_refresh_is_logged_once(herd, caplog):
    """A refresh takes too long. One warning names the channel and the remedy."""
    for _ in range(3):
        herd.spread("room:1", 1000)
    herd.spread("room:2", 1000)

    assert caplog.text.count("'room:1' takes") == 1
    assert caplog.text.count("'room:2' takes") == 1
    assert "realtime.to('room:1').update" in caplog.text


def test_view_that_is_held_up_holds_up_no_other(herd, monkeypatch):
    """Somebody asks for a slow view again and again. Blocks of other views get their turn."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 0.1)
    assert all(herd.begin("slow") for _ in range(RENDERED_AT_ONCE))

    assert not herd.begin("slow")
    assert herd.begin("show")


def test_as_many_wait_as_are_served_in_time(herd, monkeypatch):
    """Each waiting request may occupy a thread. Requests that would wait in vain get 503 at
    once."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 2 * DEADLINE)
    monkeypatch.setattr("flask_realtime.hub.herd.LARGEST_COST_SECONDS", 2 * DEADLINE)
    measure(herd, 2 * DEADLINE, 2 * DEADLINE)
    first = [herd.begin("show") for _ in range(RENDERED_AT_ONCE)]
    turns = []
    visitors = [
        Thread(target=lambda: turns.append(herd.begin("show")), daemon=True) for _ in range(5)
    ]
    for one in visitors:
        one.start()

    eventually(lambda: len(turns) == 5 - RENDERED_AT_ONCE)
    assert not any(turns)
    for turn in first:
        herd.end(turn, None)
    for one in visitors:
        one.join()
    assert sum(map(bool, turns)) == RENDERED_AT_ONCE


def test_more_have_turns_at_once_where_they_take_no_longer(herd, monkeypatch):
    """A view waits for its database: by HTTP it answers many at once. So do its blocks, or else a
    hundred sessions that ask for them would keep them from everybody."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 2 * DEADLINE)
    monkeypatch.setattr("flask_realtime.threads.clock.monotonic", lambda: 1000.0)
    turns = [herd.begin("show") for _ in range(RENDERED_AT_ONCE)]
    waiting = [
        Thread(target=lambda: turns.append(herd.begin("show")), daemon=True) for _ in range(4)
    ]
    for one in waiting:
        one.start()
    eventually(lambda: waiting_for(herd, "show") == 4)

    for count in (1, 2, 3):
        herd.end(turns[count - 1], 0.05)
        eventually(lambda count=count: len(turns) >= RENDERED_AT_ONCE + count)

    # Three have ended: with two at a time one would wait still.
    eventually(lambda: len(turns) == RENDERED_AT_ONCE + 4)
    assert all(turns)


def test_view_so_slow_that_nobody_may_wait_has_more_turns_at_once(herd, monkeypatch):
    """A view takes so long that a request without a turn is refused at once. More requests for it
    are answered at a time all the same, or else the first would keep the view from everybody."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("flask_realtime.threads.clock.monotonic", lambda: 1000.0)
    turns = [herd.begin("show") for _ in range(RENDERED_AT_ONCE)]

    for _ in range(3):
        assert not herd.begin("show")
        herd.end(turns.pop(), None)
        turns.append(herd.begin("show"))

    assert all(turns)
    assert herd.begin("show")


def test_visitor_is_served_before_what_others_ask_at_once_again(herd, monkeypatch):
    """A visitor asks as often at once as may wait. Somebody else comes, and waits; the last request
    of the former gets 503 instead."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 2 * DEADLINE)
    monkeypatch.setattr("flask_realtime.hub.herd.LARGEST_COST_SECONDS", 2 * DEADLINE)
    measure(herd, 2 * DEADLINE, 2 * DEADLINE)
    first = [herd.begin("show", visitor) for visitor in ("greedy", "other")]
    answers = []

    def ask(visitor):
        answers.append((visitor, herd.begin("show", visitor) is not None))

    threads = [
        Thread(target=ask, args=(one,), daemon=True) for one in ("greedy", "greedy", "other")
    ]
    for count, thread in enumerate(threads, 1):
        thread.start()
        eventually(lambda count=count: waiting_for(herd, "show") == min(count, RENDERED_AT_ONCE))
    eventually(lambda: answers == [("greedy", False)])
    for turn in first:
        herd.end(turn, None)
    for thread in threads:
        thread.join(DEADLINE)

    assert sorted(answers[1:]) == [("greedy", True), ("other", True)]


def test_nobody_waits_for_a_view_that_hangs(herd, monkeypatch):
    """All turns of a view have lasted for long. Further requests get 503 at once, whatever its
    blocks have cost before."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 2 * DEADLINE)
    monkeypatch.setattr("flask_realtime.hub.herd.LONGEST_TURN_SECONDS", math.inf)
    for _ in range(RENDERED_AT_ONCE):
        herd.begin("show").began -= 5 * DEADLINE
    refused = []

    Thread(target=lambda: refused.append(herd.begin("show")), daemon=True).start()

    eventually(lambda: refused == [None])


def test_request_that_rendered_no_block_is_no_measure(herd):
    """A request that rendered no block does not count in the cost."""
    before = herd.spread("room", 100)
    herd.end(herd.begin("slow"), None)

    assert herd.spread("room", 100) == before


def test_turns_that_nobody_gives_back_are_taken_back(herd, monkeypatch):
    """A turn was never given back, because the app's code was not called. It is free again after a
    while."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 0.1)
    lost = [herd.begin("show") for _ in range(RENDERED_AT_ONCE)]
    assert herd.begin("show") is None

    with monkeypatch.context() as patch:
        patch.setattr("flask_realtime.hub.herd.LONGEST_TURN_SECONDS", 0)
        turns = [herd.begin("show") for _ in range(RENDERED_AT_ONCE)]

    assert all(turns)
    for turn in lost:
        herd.end(turn, 0.01)
    assert herd.begin("show") is None
    herd.end(turns[0], 0.01)
    assert herd.begin("show")


def test_no_page_waits_for_hours(herd):
    """The spread has an upper limit, however long somebody has made a block take."""
    measure(herd, *(1000.0,) * 50)

    assert herd.spread("room", 100_000) == 1000 * LONGEST_SPREAD_SECONDS


def test_first_block_alone_makes_nobody_wait(herd):
    """The first block took long. A second page still refreshes at once."""
    measure(herd, 1.0)

    assert herd.spread("room", 2) == 0


def test_visitor_who_asks_again_and_again_comes_behind_one_who_asks_seldom(herd, monkeypatch):
    """Strangers who flood a view, each with a session or without, hold up nobody else for long."""
    monkeypatch.setattr("flask_realtime.hub.herd.PATIENCE_SECONDS", 2 * DEADLINE)
    # A machine with other load may otherwise take the requests for some that hold up none.
    monkeypatch.setattr("flask_realtime.hub.concurrency_limit.MOST_AT_ONCE", RENDERED_AT_ONCE)
    served = []

    def ask(visitor):
        turn = herd.begin("show", visitor)
        served.append(visitor)
        turns.append(turn)

    def wait(visitor, count):
        Thread(target=ask, args=(visitor,), daemon=True).start()
        eventually(lambda: waiting_for(herd, "show") == count)

    turns = [herd.begin("show", visitor) for visitor in ("greedy", "greedier")]
    for count, visitor in enumerate(["greedy", "greedy", "greedier", "seldom"], 1):
        wait(visitor, count)
    for count in range(1, 5):
        herd.end(turns[count - 1], 0.001)
        eventually(lambda count=count: len(served) == count)

    assert served == ["seldom", "greedy", "greedier", "greedy"]


def test_turn_that_came_as_its_request_was_cut_off_is_given_on(herd, monkeypatch):
    """The server may kill a greenlet that waits."""

    class CutOff(Event):
        def wait(self, timeout=None):
            raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("flask_realtime.hub.fair_turns.threading.Event", CutOff)
        herd.begin("show")

    assert all(herd.begin("show") for _ in range(RENDERED_AT_ONCE))
