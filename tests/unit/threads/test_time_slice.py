"""A time slice of work that is shared, with pauses between them, in which others run."""

import threading

import pytest

from flask_realtime.threads import time_slice as module
from flask_realtime.threads.time_slice import GAP_SECONDS, SLICE_SECONDS, TimeSlice

from ...eventually import DEADLINE, eventually


@pytest.fixture
def pauses(monkeypatch):
    """A list that grows with each pause."""
    pauses = []
    monkeypatch.setattr(module, "let_others_run", lambda: pauses.append(1))
    return pauses


def work(time_slice, clock, seconds):
    """Work that takes so many seconds."""
    began = time_slice.begin()
    clock.now += seconds
    time_slice.end(began)


def test_time_slice_lets_others_run_once_all_together_have_worked_for_one(clock, pauses):
    """Work of 64 threads counts together: if each had a slice of its own, others would wait for
    64."""
    time_slice, counts = TimeSlice(), []

    for _ in range(7):
        work(time_slice, clock, SLICE_SECONDS * 0.4)
        counts.append(len(pauses))

    assert counts == [0, 0, 0, 1, 1, 1, 2]


def test_time_slice_does_not_pause_after_others_had_time(clock, pauses):
    """Work that comes seldom never pauses, however much it is in total."""
    time_slice = TimeSlice()

    for _ in range(100):
        work(time_slice, clock, SLICE_SECONDS * 0.9)
        clock.now += GAP_SECONDS * 2

    assert not pauses


def test_time_slice_pauses_for_one_after_the_other(clock, monkeypatch):
    """While one thread pauses, the others wait for it, and continue without a pause of their
    own."""
    time_slice, gate, going = TimeSlice(), threading.Event(), []
    monkeypatch.setattr(module, "let_others_run", lambda: going.append("paused") or gate.wait())
    work(time_slice, clock, SLICE_SECONDS * 2)
    threads = [
        threading.Thread(target=lambda: (time_slice.begin(), going.append("went on")))
        for _ in range(5)
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
    time_slice, gate, within = TimeSlice(), threading.Event(), []

    def do(name):
        with time_slice.alone():
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
    time_slice = TimeSlice()
    with pytest.raises(ZeroDivisionError), time_slice.alone():
        raise ZeroDivisionError

    with time_slice.alone():
        pass


@pytest.mark.parametrize("is_called", [False, True], ids=["in-line", "called"])
def test_thread_that_is_cut_off_in_line_keeps_nobody_else_waiting(clock, monkeypatch, is_called):
    """A greenlet is killed while it waits for its turn, or just as its turn comes. The others get
    their turns."""
    time_slice, gate, went_on = TimeSlice(), threading.Event(), threading.Event()
    monkeypatch.setattr(module, "let_others_run", gate.wait)
    work(time_slice, clock, SLICE_SECONDS * 2)
    first = threading.Thread(target=time_slice.begin)
    first.start()
    eventually(lambda: time_slice._is_pausing)

    class CutOff(threading.Event):
        def wait(self, timeout=None):
            if is_called:
                gate.set()
                super().wait(DEADLINE)
            raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(threading, "Event", CutOff)
        time_slice.begin()
    gate.set()
    first.join(DEADLINE)
    work(time_slice, clock, SLICE_SECONDS * 2)
    threading.Thread(target=lambda: (time_slice.begin(), went_on.set()), daemon=True).start()

    assert went_on.wait(DEADLINE)
