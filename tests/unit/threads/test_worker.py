"""The jobs of one socket."""

import threading

import pytest

from flask_realtime.threads.pool import ThreadPool
from flask_realtime.threads.worker import Worker
from tests.eventually import DEADLINE, eventually

from ..starvation import no_thread_to_be_had


def thread_of(worker, pool):
    """The thread of *pool* that does one job of *worker*; it is at rest again."""
    threads = []
    worker.submit(lambda: threads.append(threading.current_thread()))
    assert worker.wait_until_idle(DEADLINE)
    # It comes to rest a moment after its work is done.
    eventually(lambda: pool.resting)
    return threads[0]


def test_worker_runs_jobs_in_order():
    """What is submitted first is done first, one job at a time."""
    worker, done = Worker(ThreadPool(), threading.Lock()), []

    for number in range(200):
        worker.submit(lambda number=number: done.append(number))

    assert worker.wait_until_idle(DEADLINE)
    assert done == list(range(200))


def test_worker_goes_on_after_a_job_that_raises(caplog):
    """A job that fails is logged and keeps none of those behind it waiting."""
    worker, done = Worker(ThreadPool(), threading.Lock()), []

    worker.submit(lambda: 1 / 0)
    worker.submit(lambda: done.append("next"))

    assert worker.wait_until_idle(DEADLINE)
    assert done == ["next"]
    assert "ZeroDivisionError" in caplog.text


def test_worker_goes_on_after_a_job_that_was_cut_off(caplog):
    """gevent's Timeout, and what ends a thread, ends the job alone."""

    def cut_off():
        raise SystemExit

    worker, done = Worker(ThreadPool(), threading.Lock()), []

    worker.submit(cut_off)
    worker.submit(lambda: done.append("next"))

    assert worker.wait_until_idle(DEADLINE)
    assert done == ["next"]
    assert "SystemExit" in caplog.text


def test_worker_keeps_nobody_waiting_where_no_thread_can_be_started():
    """Who gave it the job is told, and whoever waits for its end does not wait for ever."""
    worker, done = Worker(ThreadPool(), threading.Lock()), []
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        worker.submit(lambda: done.append("never"))

    assert worker.wait_until_idle(DEADLINE)
    worker.submit(lambda: done.append("later"))
    assert worker.wait_until_idle(DEADLINE)
    assert done == ["later"]


@pytest.mark.parametrize("is_begun", [True, False])
def test_worker_drops_what_waits_and_ends_what_is_next(is_begun):
    """Whoever waits for its end waits for one job at the most, which is never dropped."""
    worker, gate, begun = Worker(ThreadPool(), threading.Lock()), threading.Event(), []

    def hold(number):
        begun.append(number)
        gate.wait(DEADLINE)

    for number in range(5):
        worker.submit(lambda number=number: hold(number))
    if is_begun:
        eventually(lambda: begun)
    worker.drop_waiting()
    worker.drop_waiting()
    gate.set()

    assert worker.wait_until_idle(DEADLINE)
    assert begun == [0]
    worker.submit(lambda: begun.append("later"))
    assert worker.wait_until_idle(DEADLINE)
    assert begun == [0, "later"]


def test_worker_that_has_nothing_to_do_drops_nothing():
    """Nobody waits for a job that is not there."""
    worker = Worker(ThreadPool(), threading.Lock())

    worker.drop_waiting()

    assert worker.wait_until_idle(DEADLINE)


def test_worker_does_not_wait_for_a_slow_job_to_take_another():
    """Submitting returns at once, whatever the worker does."""
    worker, gate, done = Worker(ThreadPool(), threading.Lock()), threading.Event(), []

    worker.submit(lambda: gate.wait(DEADLINE))
    worker.submit(lambda: done.append("after"))
    pending = worker.pending
    gate.set()

    assert pending == 2
    assert worker.wait_until_idle(DEADLINE)
    assert done == ["after"]


def test_worker_has_no_thread_while_there_is_no_work(monkeypatch):
    """A socket without work costs one greenlet, not two."""
    monkeypatch.setattr("flask_realtime.threads.pool.LINGER_SECONDS", 0)
    pool = ThreadPool()
    thread = thread_of(Worker(pool, threading.Lock()), pool)

    pool.sweep()

    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert not pool.resting


def test_thread_that_has_just_worked_is_kept_for_more():
    """To start one takes longer than most messages do."""
    pool = ThreadPool()
    thread = thread_of(Worker(pool, threading.Lock()), pool)

    pool.sweep()

    assert pool.resting == 1
    assert thread.is_alive()


def test_worker_starts_again_when_work_comes_back(monkeypatch):
    """After its thread has ended, the next job starts a new one."""
    monkeypatch.setattr("flask_realtime.threads.pool.LINGER_SECONDS", 0)
    pool = ThreadPool()
    worker = Worker(pool, threading.Lock())
    first = thread_of(worker, pool)
    pool.sweep()
    first.join(DEADLINE)

    second = thread_of(worker, pool)

    assert second is not first


def test_workers_share_threads_that_are_at_rest():
    """A thousand sockets that have work one after the other need few threads."""
    pool, lock = ThreadPool(), threading.Lock()

    seen = {thread_of(Worker(pool, lock), pool) for _ in range(20)}

    assert len(seen) == 1


def test_workers_wait_for_no_other():
    """A job that takes long keeps the jobs of another socket from nothing."""
    threads, lock, gate = ThreadPool(), threading.Lock(), threading.Event()
    slow, quick = Worker(threads, lock), Worker(threads, lock)

    slow.submit(lambda: gate.wait(DEADLINE))
    quick.submit(lambda: None)

    assert quick.wait_until_idle(DEADLINE)
    assert slow.pending == 1
    gate.set()


def test_worker_loses_no_job_of_many_threads():
    """Jobs submitted from many threads, again and again as it falls idle, are all done."""
    worker, done, lock = Worker(ThreadPool(), threading.Lock()), [], threading.Lock()

    def add():
        with lock:
            done.append(1)

    def submit():
        for _ in range(300):
            worker.submit(add)
            worker.wait_until_idle(DEADLINE)

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE * 4)

    assert worker.wait_until_idle(DEADLINE)
    assert len(done) == 1800
