"""Turns of work with pauses between them, in which others run."""

import threading

import pytest

from flask_realtime.threads import turns as module
from flask_realtime.threads.turns import GAP_SECONDS, TURN_SECONDS, Turns

from ...eventually import DEADLINE, eventually


@pytest.fixture
def pauses(monkeypatch):
    """A list that grows with each pause."""
    pauses = []
    monkeypatch.setattr(module, "let_others_run", lambda: pauses.append(1))
    return pauses


def work(turns, clock, seconds):
    """Work that takes so many seconds."""
    began = turns.begin()
    clock.now += seconds
    turns.end(began)


def test_turns_let_others_run_once_all_together_have_worked_for_one(clock, pauses):
    """Work of 64 threads counts together: if each had a turn of its own, others would wait for 64
    turns."""
    turns, counts = Turns(), []

    for _ in range(7):
        work(turns, clock, TURN_SECONDS * 0.4)
        counts.append(len(pauses))

    assert counts == [0, 0, 0, 1, 1, 1, 2]


def test_turns_do_not_pause_after_others_had_time(clock, pauses):
    """Work that comes seldom never pauses, however much it is in total."""
    turns = Turns()

    for _ in range(100):
        work(turns, clock, TURN_SECONDS * 0.9)
        clock.now += GAP_SECONDS * 2

    assert not pauses


def test_turns_pause_for_one_after_the_other(clock, monkeypatch):
    """While one thread pauses, the others wait for it, and continue without a pause of their
    own."""
    turns, gate, going = Turns(), threading.Event(), []
    monkeypatch.setattr(module, "let_others_run", lambda: going.append("paused") or gate.wait())
    work(turns, clock, TURN_SECONDS * 2)
    threads = [
        threading.Thread(target=lambda: (turns.begin(), going.append("went on"))) for _ in range(5)
    ]

    for thread in threads:
        thread.start()
    eventually(lambda: going == ["paused"])
    gate.set()
    for thread in threads:
        thread.join(DEADLINE)

    assert going == ["paused"] + ["went on"] * 5


def test_long_work_is_done_for_one_at_a_time(clock, pauses):
    """Long work runs in one thread at a time, so that its memory is needed once."""
    turns, gate, within = Turns(), threading.Event(), []

    def do(name):
        with turns.alone():
            within.append(name)
            gate.wait(DEADLINE)

    first = threading.Thread(target=do, args=("first",))
    first.start()
    eventually(lambda: within)
    second = threading.Thread(target=do, args=("second",))
    second.start()
    alone = list(within)
    gate.set()
    for thread in (first, second):
        thread.join(DEADLINE)

    assert alone == ["first"]
    assert within == ["first", "second"]


def test_long_work_that_fails_keeps_nobody_out(clock):
    """Long work fails. The next one runs."""
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.alone():
        raise ZeroDivisionError

    with turns.alone():
        pass


@pytest.mark.parametrize("is_called", [False, True], ids=["in-line", "called"])
def test_thread_that_is_cut_off_in_line_keeps_nobody_else_waiting(clock, monkeypatch, is_called):
    """A greenlet is killed while it waits for its turn, or just as its turn comes. The others get
    their turns."""
    turns, gate, went_on = Turns(), threading.Event(), threading.Event()
    monkeypatch.setattr(module, "let_others_run", gate.wait)
    work(turns, clock, TURN_SECONDS * 2)
    first = threading.Thread(target=turns.begin)
    first.start()
    eventually(lambda: turns._is_pausing)

    class CutOff(threading.Event):
        def wait(self, timeout=None):
            if is_called:
                gate.set()
                super().wait(DEADLINE)
            raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(threading, "Event", CutOff)
        turns.begin()
    gate.set()
    first.join(DEADLINE)
    work(turns, clock, TURN_SECONDS * 2)
    threading.Thread(target=lambda: (turns.begin(), went_on.set()), daemon=True).start()

    assert went_on.wait(DEADLINE)
