"""The second greenlet of a socket."""

import threading

from flask_realtime.worker import Worker

DEADLINE = 5


def test_worker_runs_jobs_in_order():
    """What is submitted first is done first, one job at a time."""
    worker, done = Worker(threading.Lock()), []

    for number in range(200):
        worker.submit(lambda number=number: done.append(number))

    assert worker.wait_until_idle(DEADLINE)
    assert done == list(range(200))


def test_worker_goes_on_after_a_job_that_raises(caplog):
    """A job that fails is logged and keeps none of those behind it waiting."""
    worker, done = Worker(threading.Lock()), []

    worker.submit(lambda: 1 / 0)
    worker.submit(lambda: done.append("next"))

    assert worker.wait_until_idle(DEADLINE)
    assert done == ["next"]
    assert "ZeroDivisionError" in caplog.text


def test_worker_does_not_wait_for_a_slow_job_to_take_another():
    """Submitting returns at once, whatever the worker does."""
    worker, gate, done = Worker(threading.Lock()), threading.Event(), []

    worker.submit(lambda: gate.wait(DEADLINE))
    worker.submit(lambda: done.append("after"))
    pending = worker.pending
    gate.set()

    assert pending == 2
    assert worker.wait_until_idle(DEADLINE)
    assert done == ["after"]


def test_worker_has_no_thread_while_there_is_no_work():
    """A socket without work costs one greenlet, not two."""
    worker, threads = Worker(threading.Lock()), []
    worker.submit(lambda: threads.append(threading.current_thread()))
    assert worker.wait_until_idle(DEADLINE)

    threads[0].join(DEADLINE)

    assert not threads[0].is_alive()


def test_worker_starts_again_when_work_comes_back():
    """After its thread has ended, the next job starts a new one."""
    worker, threads = Worker(threading.Lock()), []
    worker.submit(lambda: threads.append(threading.current_thread()))
    assert worker.wait_until_idle(DEADLINE)
    threads[0].join(DEADLINE)

    worker.submit(lambda: threads.append(threading.current_thread()))

    assert worker.wait_until_idle(DEADLINE)
    assert len(threads) == 2


def test_worker_loses_no_job_of_many_threads():
    """Jobs submitted from many threads, again and again as it falls idle, are all done."""
    worker, done, lock = Worker(threading.Lock()), [], threading.Lock()

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
