"""The queue of one socket's jobs."""

import threading

import pytest

from flask_realtime.threads import job_queue, pause
from flask_realtime.threads.job_queue import JobQueue
from flask_realtime.threads.pool import ThreadPool
from tests.eventually import DEADLINE, eventually

from ..starvation import no_thread_to_be_had


@pytest.fixture
def queue():
    return JobQueue(ThreadPool(), threading.Lock())


@pytest.fixture
def done():
    """What the jobs of the queue have done."""
    return []


def thread_of(queue, pool):
    """Return the thread of *pool* that does one job of *queue*; it is idle again."""
    threads = []
    queue.submit(lambda: threads.append(threading.current_thread()))
    assert queue.wait_until_idle(DEADLINE)
    # The thread becomes idle a moment after its work.
    eventually(lambda: pool.resting)
    return threads[0]


def submit_together(queue, jobs):
    """Submit *jobs* behind one that ends when all of them wait."""
    gate = threading.Event()
    for job in (lambda: gate.wait(DEADLINE), *jobs):
        queue.submit(job)
    gate.set()


def test_queue_runs_jobs_in_order(queue, done):
    """Jobs run one at a time, in the order of their submission."""

    for number in range(200):
        queue.submit(lambda number=number: done.append(number))

    assert queue.wait_until_idle(DEADLINE)
    assert done == list(range(200))


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_queue_goes_on_after_a_job_that_fails(queue, done, caplog, error):
    """A job raises an error, or is cut off by gevent's Timeout or by an exception that ends
    threads. The log says so, and the next job runs."""

    def fail():
        raise error

    queue.submit(fail)
    queue.submit(lambda: done.append("next"))

    assert queue.wait_until_idle(DEADLINE)
    assert done == ["next"]
    assert error.__name__ in caplog.text


def test_queue_keeps_nobody_waiting_where_no_thread_can_be_started(queue, done):
    """No thread can be started. The submitter gets the error, and a thread that waits for the queue
    does not wait for ever."""
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        queue.submit(lambda: done.append("never"))

    assert queue.wait_until_idle(DEADLINE)
    queue.submit(lambda: done.append("later"))
    assert queue.wait_until_idle(DEADLINE)
    assert done == ["later"]


@pytest.mark.parametrize("is_begun", [True, False])
def test_queue_drops_what_waits_and_ends_what_is_next(queue, is_begun):
    """Waiting jobs are dropped. A thread that waits for the queue waits for at most one job, which
    is never dropped."""
    gate, begun = threading.Event(), []

    def hold(number):
        begun.append(number)
        gate.wait(DEADLINE)

    for number in range(5):
        queue.submit(lambda number=number: hold(number))
    if is_begun:
        eventually(lambda: begun)
    queue.drop_waiting()
    queue.drop_waiting()
    gate.set()

    assert queue.wait_until_idle(DEADLINE)
    assert begun == [0]
    queue.submit(lambda: begun.append("later"))
    assert queue.wait_until_idle(DEADLINE)
    assert begun == [0, "later"]


def test_queue_that_has_nothing_to_do_drops_nothing(queue):
    """An empty queue has nothing to drop, and nobody waits for it."""
    queue.drop_waiting()

    assert queue.wait_until_idle(DEADLINE)


def test_queue_does_not_wait_for_a_slow_job_to_take_another(queue, done):
    """Submitting a job returns at once while another job runs."""
    gate = threading.Event()

    queue.submit(lambda: gate.wait(DEADLINE))
    queue.submit(lambda: done.append("after"))
    pending = queue.pending
    gate.set()

    assert pending == 2
    assert queue.wait_until_idle(DEADLINE)
    assert done == ["after"]


def test_queue_has_no_thread_while_there_is_no_work(monkeypatch):
    """A socket without work uses one greenlet, not two."""
    monkeypatch.setattr("flask_realtime.threads.pool.LINGER_SECONDS", 0)
    pool = ThreadPool()
    thread = thread_of(JobQueue(pool, threading.Lock()), pool)

    pool.sweep()

    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert not pool.resting


def test_thread_that_has_just_worked_is_kept_for_more():
    """A thread is kept for a while after its job, because starting one takes longer than most
    messages."""
    pool = ThreadPool()
    thread = thread_of(JobQueue(pool, threading.Lock()), pool)

    pool.sweep()

    assert pool.resting == 1
    assert thread.is_alive()


def test_queue_starts_again_when_work_comes_back(monkeypatch):
    """The queue's thread has ended. The next job starts a new one."""
    monkeypatch.setattr("flask_realtime.threads.pool.LINGER_SECONDS", 0)
    pool = ThreadPool()
    queue = JobQueue(pool, threading.Lock())
    first = thread_of(queue, pool)
    pool.sweep()
    first.join(DEADLINE)

    second = thread_of(queue, pool)

    assert second is not first


def test_workers_share_threads_that_are_at_rest():
    """A thousand sockets have work one after the other. They share a few threads."""
    pool, lock = ThreadPool(), threading.Lock()

    seen = {thread_of(JobQueue(pool, lock), pool) for _ in range(20)}

    assert len(seen) == 1


def test_workers_wait_for_no_other():
    """A slow job of one socket delays no job of another socket."""
    threads, lock, gate = ThreadPool(), threading.Lock(), threading.Event()
    slow, quick = JobQueue(threads, lock), JobQueue(threads, lock)

    slow.submit(lambda: gate.wait(DEADLINE))
    quick.submit(lambda: None)

    assert quick.wait_until_idle(DEADLINE)
    assert slow.pending == 1
    gate.set()


def test_queue_loses_no_job_of_many_threads(queue, done):
    """Many threads submit jobs, also while the queue becomes idle. All jobs run."""
    lock = threading.Lock()

    def add():
        with lock:
            done.append(1)

    def submit():
        for _ in range(300):
            queue.submit(add)
            queue.wait_until_idle(DEADLINE)

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE * 4)

    assert queue.wait_until_idle(DEADLINE)
    assert len(done) == 1800


def test_queue_lets_others_run_between_jobs_that_wait_for_nothing(queue, done, clock, monkeypatch):
    """Under gevent jobs that never wait would run without a break. Other greenlets run between
    them."""
    pauses = []
    monkeypatch.setattr(pause, "let_others_run", lambda: pauses.append(len(done)))

    def work():
        clock.now += job_queue.STRETCH_SECONDS
        done.append(1)

    submit_together(queue, [work] * 9)

    assert queue.wait_until_idle(DEADLINE)
    assert any(0 < after < 9 for after in pauses)


def test_queue_goes_on_after_a_pause_that_was_cut_off(queue, done, clock, monkeypatch, caplog):
    """A handler started a gevent.Timeout and did not end it. The timeout interrupts a pause of the
    queue, which continues."""

    def cut_off():
        raise SystemExit

    monkeypatch.setattr(pause, "let_others_run", cut_off)

    def work():
        clock.now += 2 * job_queue.STRETCH_SECONDS
        done.append(1)

    submit_together(queue, [work] * 5)

    assert queue.wait_until_idle(DEADLINE)
    assert len(done) == 5
    assert "has interrupted a" in caplog.text
