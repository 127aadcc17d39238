"""Turns that visitors take one after the other."""

import itertools

from flask_realtime.hub import fair_turns as module
from flask_realtime.hub.fair_turns import FairTurns


def test_turn_that_is_free_is_had_at_once():
    """As many as there are; the next waiter has a place in the line."""
    turns = FairTurns(2)

    waiters = [turns.ask("a") for _ in range(4)]

    assert [one.has_turn.is_set() for one in waiters] == [True, True, False, False]
    assert [turns.place(one) for one in waiters] == [0, 0, 1, 2]


def serve(turns, waiters):
    """Give one turn back after the other; return who gets them, and who had which place before."""
    waiting, served = list(waiters), []
    expected = sorted((turns.place(one), one.visitor) for one in waiting)
    while waiting:
        turns.give_back()
        served += [one.visitor for one in waiting if one.has_turn.is_set()]
        waiting = [one for one in waiting if not one.has_turn.is_set()]
    assert expected == list(enumerate(served, 1))
    return served


def test_turn_is_given_to_the_visitor_who_had_none_for_longest():
    """A visitor who had none at all comes first."""
    turns = FairTurns(1)
    turns.ask("early")
    turns.give_back()
    turns.ask("late")
    waiters = [turns.ask(visitor) for visitor in ("late", "early", "new")]

    assert serve(turns, waiters) == ["new", "early", "late"]


def test_newcomers_get_every_other_turn_while_others_wait():
    """Strangers come with ever new sessions. A visitor who refreshes again and again is served."""
    turns = FairTurns(1)
    turns.ask("early")
    turns.give_back()
    turns.ask("late")
    waiters = [turns.ask(visitor) for visitor in ("a", "b", "c", "d", "e", "late", "early")]

    assert serve(turns, waiters) == ["a", "early", "b", "late", "c", "d", "e"]


def test_visitor_is_served_behind_one_newcomer():
    """The visitor comes at any moment of a flood of newcomers, and few turns go before his."""
    turns = FairTurns(1)
    turns.ask("visitor")
    strangers = (f"stranger {number}" for number in itertools.count())
    for _ in range(10):
        turns.ask(next(strangers))

    for _ in range(20):
        waiter = turns.ask("visitor")
        while not waiter.has_turn.is_set():
            assert turns.place(waiter) <= 2
            turns.ask(next(strangers))
            turns.give_back()


def test_waiter_that_leaves_gets_no_turn():
    """The turn goes to those behind it; one that has its turn already keeps it."""
    turns = FairTurns(1)
    first, second, third = (turns.ask(visitor) for visitor in "abc")

    left = [turns.leave(first), turns.leave(second)]
    turns.give_back()

    assert left == [True, False]
    assert third.has_turn.is_set()
    assert not second.has_turn.is_set()


def test_visitors_are_not_remembered_for_ever(monkeypatch):
    """Those who had no turn for longest are forgotten."""
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    turns = FairTurns(10)

    for number in range(10):
        turns.ask(str(number))

    assert list(turns._served) == ["7", "8", "9"]
