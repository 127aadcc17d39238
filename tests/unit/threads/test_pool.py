"""A pool of threads that are used again."""

import threading
from types import SimpleNamespace

from flask_realtime.threads.pool import LINGER_SECONDS, ThreadPool

from ...eventually import DEADLINE, eventually


def thread_of(pool):
    """Return the thread that did one job of *pool*; it is idle again."""
    threads = []
    pool.run(lambda: threads.append(threading.current_thread()))
    eventually(lambda: pool.resting)
    return threads[0]


def test_pool_uses_a_resting_thread_again():
    """Jobs that follow each other share one thread."""
    pool = ThreadPool()

    seen = {thread_of(pool) for _ in range(20)}

    assert len(seen) == 1


def test_pool_keeps_no_job_waiting_for_another():
    """All threads are busy. A further job gets a new thread."""
    pool, gate, done = ThreadPool(), threading.Event(), threading.Event()
    pool.run(lambda: gate.wait(DEADLINE))

    pool.run(done.set)

    assert done.wait(DEADLINE)
    gate.set()


def test_sweep_ends_those_that_rested_long_and_keeps_those_that_just_worked(clock):
    """A thread that was idle for long ends, and one that worked a moment ago stays."""
    pool, gate = ThreadPool(), threading.Event()
    pool.run(lambda: gate.wait(DEADLINE))
    old = thread_of(pool)
    clock.now += LINGER_SECONDS * 2
    gate.set()
    eventually(lambda: pool.resting == 2)

    pool.sweep()

    old.join(DEADLINE)
    assert not old.is_alive()
    assert pool.resting == 1


def test_pool_that_is_closed_ends_its_threads():
    """Closing ends idle threads at once, and waits for busy ones."""
    pool, gate, began, done = ThreadPool(), threading.Event(), threading.Event(), []
    resting = thread_of(pool)
    pool.run(lambda: done.append(began.set() or gate.wait(DEADLINE)))
    assert began.wait(DEADLINE)
    closing = threading.Thread(target=pool.close)

    closing.start()
    gate.set()
    closing.join(DEADLINE)

    resting.join(DEADLINE)
    assert not resting.is_alive()
    assert done == [True]
    assert pool.resting == 0


def test_pool_that_is_closed_does_what_it_is_given_all_the_same():
    """A closed pool still runs a new job, such as a socket's last message, and its thread ends
    after that."""
    pool, threads = ThreadPool(), []
    pool.close()

    pool.run(lambda: threads.append(threading.current_thread()))

    eventually(lambda: threads and not threads[0].is_alive())
    assert pool.resting == 0


def test_pool_gives_no_job_to_a_thread_whose_wait_was_cut_off(monkeypatch, caplog):
    """An earlier job started a gevent.Timeout and did not end it, and the timeout interrupts the
    thread's wait. The pool gives that thread no job."""
    pool, done = ThreadPool(), threading.Event()
    cut_off(monkeypatch)
    pool.run(lambda: None)
    eventually(lambda: "has interrupted a" in caplog.text)
    eventually(lambda: not pool.resting)
    monkeypatch.undo()

    pool.run(done.set)

    assert done.wait(DEADLINE)


def cut_off(monkeypatch):
    """Make every wait of the pool's threads end with an exception."""

    class CutOff(threading.Event):
        def wait(self, timeout=None):
            raise SystemExit

    threads = SimpleNamespace(**{**vars(threading), "Event": CutOff})
    monkeypatch.setattr("flask_realtime.threads.pool.threading", threads)
