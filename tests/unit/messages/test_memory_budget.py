"""A budget of memory that few may use at a time."""

import threading
from contextlib import suppress

import pytest

from flask_realtime.messages.memory_budget import MemoryBudget, NotWanted

from ...eventually import DEADLINE, eventually


def test_budget_lets_in_what_fits_and_the_rest_later():
    """Work waits until enough memory was given back, also by work that failed."""
    budget, gate, taken = MemoryBudget(100), threading.Event(), []

    def take(size):
        with suppress(ZeroDivisionError), budget.take(size):
            taken.append(size)
            gate.wait(DEADLINE)
            raise ZeroDivisionError

    threads = [threading.Thread(target=take, args=(size,)) for size in (60, 60, 60)]
    for thread in threads:
        thread.start()
    eventually(lambda: taken)
    at_once = list(taken)
    gate.set()
    for thread in threads:
        thread.join(DEADLINE)

    assert at_once == [60]
    assert taken == [60, 60, 60]


def test_budget_is_taken_in_turn():
    """One owner takes the whole budget again and again. The others get it in between."""
    budget, taken = MemoryBudget(100), []

    def take(name):
        with budget.take(60):
            taken.append(name)

    with budget.take(60):
        waiting = threading.Thread(target=take, args=("one that waits",))
        waiting.start()
        eventually(lambda: budget.is_waited_for)
    for _ in range(100):
        take("one that comes again")
    waiting.join(DEADLINE)

    assert taken[0] == "one that waits"


def test_budget_forgets_who_waits_no_longer(monkeypatch):
    """A waiting greenlet is killed. It keeps nothing from the others."""

    class Killed(threading.Event):
        def wait(self, timeout=None):
            raise SystemExit

    budget = MemoryBudget(100)
    with budget.take(60):
        monkeypatch.setattr(threading, "Event", Killed)
        with pytest.raises(SystemExit), budget.take(60):
            pass
        monkeypatch.undo()

    with budget.take(100):
        assert budget.taken == 100
    assert budget.taken == 0


def test_budget_relents_where_nothing_changes():
    """All who hold memory may wait for one who waits for memory. After a while that one gets
    some."""
    budget, taken, gate = MemoryBudget(100, patience=0.01), [], threading.Event()

    def take(name):
        with budget.take(60):
            taken.append(name)
            gate.wait(DEADLINE)

    threads = [threading.Thread(target=take, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()

    eventually(lambda: len(taken) == 3)
    gate.set()
    for thread in threads:
        thread.join(DEADLINE)

    assert budget.taken == 0


def test_owner_who_asks_for_much_leaves_room_for_others():
    """What an owner takes beyond a share has to wait; an owner with nothing gets some."""
    budget, taken, gates = MemoryBudget(100, 25), [], [threading.Event(), threading.Event()]

    def take(owner, size, gate):
        with budget.take(size, owner=owner):
            taken.append(owner)
            gate.wait(DEADLINE)

    def start(owner, size, gate):
        thread = threading.Thread(target=take, args=(owner, size, gate))
        thread.start()
        return thread

    threads = [start("greedy", 20, gates[0]) for _ in range(4)]
    eventually(lambda: budget.is_waited_for and taken == ["greedy"])
    threads += [start("large", 60, gates[1]), start("small", 10, gates[1])]
    eventually(lambda: sorted(taken) == ["greedy", "large", "small"])
    for gate in gates:
        gate.set()
    for thread in threads:
        thread.join(DEADLINE)

    assert taken.count("greedy") == 4
    assert (budget.taken, budget._owners, budget._waiting) == (0, {}, {})


def test_owners_come_in_turn():
    """One owner has many waiting requests. Other owners get their turn."""
    budget, taken = MemoryBudget(100), []

    def take(owner):
        with budget.take(60, owner=owner):
            taken.append(owner)

    with budget.take(60):
        threads = [threading.Thread(target=take, args=("often",)) for _ in range(3)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(budget._waiting.get("often", ())) == 3)
        threads.append(threading.Thread(target=take, args=("once",)))
        threads[-1].start()
        eventually(lambda: len(budget._waiting) == 2)
    for thread in threads:
        thread.join(DEADLINE)

    assert taken == ["often", "once", "often", "often"]


def test_owner_whose_bytes_wait_for_more_gets_some_while_others_are_busy(clock):
    """Handlers of one owner wait for each other while others are busy. That owner gets more memory,
    but never all of it."""
    budget, gate, taken = MemoryBudget(100, 25, 0.01), threading.Event(), []

    def take():
        with budget.take(20, owner="stuck"):
            taken.append(1)
            gate.wait(DEADLINE)

    def work_elsewhere():
        for _ in range(3):
            clock.now += 0.008
            with budget.take(1, owner="busy"):
                pass

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(budget._waiting.get("stuck", ())) == 2)
    work_elsewhere()
    eventually(lambda: len(taken) == 2)
    work_elsewhere()

    assert len(taken) == 2
    gate.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert (budget.taken, budget._owners) == (0, {})


def test_one_who_does_not_want_to_wait_any_more_takes_nothing(monkeypatch):
    """A caller stops waiting. It takes nothing, and delays nobody."""
    monkeypatch.setattr("flask_realtime.messages.memory_budget.LOOK_SECONDS", 0.1)
    budget = MemoryBudget(100)

    with budget.take(100):
        with pytest.raises(NotWanted), budget.take(1, is_wanted=lambda: False):
            pass
        assert not budget.is_waited_for
    assert budget.taken == 0
