"""Turns that visitors take one after the other."""

import itertools

import pytest

from flask_realtime.hub import fair_turns as module
from flask_realtime.hub.fair_turns import FairTurns


def known(*visitors):
    """Return turns of visitors who all had one; the last of *visitors* has the only one now."""
    turns = FairTurns(1)
    for visitor in visitors:
        turns.ask(visitor)
        turns.give_back()
    turns.ask(visitors[-1])
    return turns


def serve(turns, waiters):
    """Give one turn back after the other; return who gets them."""
    waiting, served = list(waiters), []
    while waiting:
        turns.give_back()
        served += [one.visitor for one in waiting if one.has_turn]
        waiting = [one for one in waiting if not one.has_turn]
    return served


def test_turn_that_is_free_is_had_at_once():
    """A visitor who comes while a turn is free has it at once; others wait in a line."""
    turns = FairTurns(2)

    waiters = [turns.ask("a") for _ in range(4)]

    assert [one.has_turn for one in waiters] == [True, True, False, False]
    assert [one.called.is_set() for one in waiters] == [True, True, False, False]


def test_turns_that_are_taken_away_are_given_back_first():
    """Turns become more, and those who wait have them at once. Then they become fewer: those who
    have a turn keep it, but the next has to wait until enough are given back."""
    turns = FairTurns(1)
    waiters = [turns.ask("a") for _ in range(4)]

    turns.resize(3)
    given = [one.has_turn for one in waiters]
    turns.resize(1)
    turns.give_back()
    turns.give_back()
    before = waiters[3].has_turn
    turns.give_back()

    assert given == [True, True, True, False]
    assert (before, waiters[3].has_turn, turns.in_use) == (False, True, 1)


def test_second_request_of_a_visitor_comes_behind_the_first_of_each_other():
    """A visitor who asks several times at once holds up nobody for long."""
    turns = known("greedy", "other", "third")

    waiters = [turns.ask(one) for one in ("greedy", "greedy", "greedy", "other", "third", "other")]

    assert serve(turns, waiters) == ["greedy", "other", "third", "greedy", "other", "greedy"]


def test_visitor_who_asks_regularly_is_served_among_many_known_ones():
    """Strangers use hundreds of sessions in turn, each of which had its last turn long ago. A
    visitor whose last turn was a moment ago waits for those who came before, and no other."""
    strangers = [f"stranger {number}" for number in range(300)]
    turns = known(*strangers, "visitor")
    before = [turns.ask(one) for one in strangers[:5]]

    mine = turns.ask("visitor")
    after = [turns.ask(one) for one in strangers[5:]]

    assert serve(turns, [*before, mine, *after])[5] == "visitor"


def test_newcomers_get_every_other_turn_while_others_wait():
    """Strangers come with ever new sessions. A visitor who refreshes again and again is served."""
    turns = known("early", "late")

    waiters = [turns.ask(visitor) for visitor in ("a", "b", "c", "d", "e", "late", "early")]

    assert serve(turns, waiters) == ["a", "late", "b", "early", "c", "d", "e"]


@pytest.mark.parametrize("newcomers", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("others", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("is_newcomers_turn", [False, True])
def test_place_of_the_last_is_when_it_is_served(newcomers, others, is_newcomers_turn):
    """It is known how many turns come before the last in a line, whatever waits in the other."""
    turns = known("visitor")
    if not is_newcomers_turn:
        turns.ask("new")
        turns.ask("visitor")
        turns.give_back()
        assert turns._newcomer_was_last
        turns._others.take_last()
    waiters = [turns.ask(f"new {number}") for number in range(newcomers)]
    waiters += [turns.ask("visitor") for _ in range(others)]
    lines = [turns._newcomers, turns._others]
    places = [turns.place_of_last(line) for line in lines]

    served = [visitor == "visitor" for visitor in serve(turns, waiters)]

    expected = [
        max((place for place, one in enumerate(served, 1) if one is is_other), default=0)
        for is_other in (False, True)
    ]
    assert places == expected


def test_visitor_is_served_behind_one_newcomer():
    """The visitor comes at any moment of a flood of newcomers, and few of them go first."""
    turns = known("visitor")
    strangers = (f"stranger {number}" for number in itertools.count())
    for _ in range(10):
        turns.ask(next(strangers))

    for _ in range(20):
        waiter = turns.ask("visitor")
        while not waiter.has_turn:
            assert turns.place_of_last(waiter.line) <= 2
            turns.ask(next(strangers))
            turns.give_back()


def test_last_to_be_served_is_turned_away():
    """The latest request of the visitor who waits with the most is turned away, not the one that
    came last."""
    turns = known("greedy", "other")
    waiters = [turns.ask(visitor) for visitor in ("greedy", "greedy", "greedy", "other")]

    turns.turn_away_last(waiters[0].line)

    assert [one.called.is_set() for one in waiters] == [False, False, True, False]
    assert not turns.leave(waiters[2])
    del waiters[2]
    assert serve(turns, waiters) == ["greedy", "other", "greedy"]


def test_waiter_that_leaves_gets_no_turn():
    """The turn goes to those behind it; one that has its turn already keeps it."""
    turns = FairTurns(1)
    first, second, third = (turns.ask(visitor) for visitor in "abc")

    left = [turns.leave(first), turns.leave(second)]
    turns.give_back()

    assert left == [True, False]
    assert third.has_turn
    assert not second.has_turn
    assert turns._newcomers.length == 0


def test_visitors_are_not_remembered_for_ever(monkeypatch):
    """Those who had no turn for longest are forgotten."""
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    turns = FairTurns(10)

    for number in range(10):
        turns.ask(str(number))

    assert list(turns._served) == ["7", "8", "9"]
