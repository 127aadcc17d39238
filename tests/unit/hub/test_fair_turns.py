"""Turns that visitors take one after the other."""

from flask_realtime.hub import fair_turns as module
from flask_realtime.hub.fair_turns import FairTurns


def test_turn_that_is_free_is_had_at_once():
    """As many as there are; the next waiter has a place in the line."""
    turns = FairTurns(2)

    waiters = [turns.ask("a") for _ in range(4)]

    assert [one.has_turn.is_set() for one in waiters] == [True, True, False, False]
    assert [turns.place(one) for one in waiters] == [0, 0, 1, 2]


def test_turn_is_given_to_the_visitor_who_had_none_for_longest():
    """Visitors who had none at all come first, in the order in which they asked."""
    turns = FairTurns(1)
    turns.ask("early")
    turns.give_back()
    turns.ask("late")
    waiters = [turns.ask(visitor) for visitor in ("late", "early", "new", "newer")]

    served = []
    for _ in waiters:
        turns.give_back()
        served += [one.visitor for one in waiters if one.has_turn.is_set()]
        waiters = [one for one in waiters if not one.has_turn.is_set()]

    assert served == ["new", "newer", "early", "late"]


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
