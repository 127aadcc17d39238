"""A budget of memory that kinds of work share, and within each kind the owners of the work."""

import threading
from contextlib import ExitStack

import pytest

from flask_realtime.messages.memory_budget import NotWanted
from flask_realtime.messages.shared_memory_budget import SharedMemoryBudget
from tests.eventually import DEADLINE, eventually


class Work:
    """Work that takes 10 of 80 bytes until it is told to end."""

    def __init__(self):
        # No waiting caller gives up while a test runs.
        self.budget = SharedMemoryBudget(80, 10 * DEADLINE)
        self.begun = []
        self._gate = threading.Event()
        self._threads = []

    def begin(self, kind, owner):
        def run():
            with self.budget.take(10, kind, owner):
                self.begun.append((kind, owner))
                self._gate.wait(DEADLINE)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def end(self):
        self._gate.set()
        for thread in self._threads:
            thread.join(DEADLINE)


@pytest.fixture
def work():
    work = Work()
    yield work
    work.end()


def test_work_that_takes_long_holds_up_its_own_kind(work):
    """Slow work of one kind delays only work of that kind, whatever its owners."""
    for number in range(6):
        work.begin("slow", str(number))
    eventually(lambda: len(work.begun) == 4 and work.budget.is_waited_for)

    work.begin("quick", "7")

    eventually(lambda: ("quick", "7") in work.begun)
    assert len(work.begun) == 5


def test_owner_who_asks_often_delays_only_their_own_work(work):
    """Another owner's work of the same kind starts."""
    for _ in range(4):
        work.begin("slow", "often")
    eventually(lambda: len(work.begun) == 2 and work.budget.is_waited_for)

    work.begin("slow", "once")

    eventually(lambda: ("slow", "once") in work.begun)
    assert len(work.begun) == 3


def test_owner_who_asks_for_many_kinds_delays_only_their_own_work(work):
    """A client may write any kind into its messages, which does not help it."""
    for number in range(12):
        work.begin(f"made up {number}", "often")
    eventually(lambda: len(work.begun) == 2 and work.budget.is_waited_for)

    work.begin("quick", "once")

    eventually(lambda: ("quick", "once") in work.begun)
    assert len(work.begun) == 3


def test_kind_of_which_nothing_is_taken_is_forgotten(work):
    """A kind without work is dropped, since strangers may invent names of handlers."""
    work.begin("a", "1")
    eventually(lambda: work.begun)
    work.budget.add(5, "b", "2")
    assert set(work.budget._kinds) == {"a", "b"}

    work.budget.add(-5, "b", "2")
    work.end()

    assert (work.budget.taken, work.budget._kinds) == (0, {})


def test_one_who_does_not_want_to_wait_any_more_takes_nothing(work, monkeypatch):
    """A caller stops waiting, in its kind or its owner's line, and takes nothing."""
    monkeypatch.setattr("flask_realtime.messages.memory_budget.LOOK_SECONDS", 0.1)
    with ExitStack() as taken:
        for kind in "abcd":
            for owner in "12":
                taken.enter_context(work.budget.take(10, kind, kind + owner))
        for kind in "ae":
            with pytest.raises(NotWanted), work.budget.take(11, kind, "1", lambda: False):
                pass

    assert (work.budget.taken, work.budget._kinds) == (0, {})


def test_patience_of_a_kind_and_of_all_do_not_add_up(clock):
    """A caller that asks once nothing has changed for so long goes on at once: those that have all
    of the memory may be waiting for it."""
    patience, gate, begun = 1000.0, threading.Event(), []
    budget = SharedMemoryBudget(80, patience)

    def run(owner):
        with budget.take(20, "kind", owner):
            begun.append(owner)
            gate.wait(DEADLINE)

    with ExitStack() as taken:
        for kind in ("kind", "other"):
            for owner in "ab":
                taken.enter_context(budget.take(20, kind, owner + kind))
        clock.now += patience
        thread = threading.Thread(target=run, args=("c",), daemon=True)
        thread.start()

        eventually(lambda: begun == ["c"])
        gate.set()
        thread.join(DEADLINE)
