"""What a process does again and again."""

import threading

import pytest

from flask_realtime.threads.chores import Chores

from ..starvation import no_thread_to_be_had

DEADLINE = 5


@pytest.fixture
def do():
    """A function that has chores done."""
    begun = []

    def do(*chores):
        begun.append(Chores(chores))
        begun[-1].start()
        begun[-1].start()
        return begun[-1]

    yield do

    for one in begun:
        one.close()


def test_chores_are_done_again_and_again(do):
    """Each has its own interval."""
    ticks, never = threading.Semaphore(0), []

    do((0.01, ticks.release), (1000.0, lambda: never.append(1)))

    for _ in range(3):
        assert ticks.acquire(timeout=DEADLINE)
    assert not never


@pytest.mark.parametrize(
    "error, told", [(ZeroDivisionError("by zero"), "by zero"), (ConnectionError(), "is away")]
)
def test_chores_go_on_after_one_that_fails(do, caplog, error, told):
    """A chore's failure costs no other chore, and it gets another turn."""
    ticks = threading.Semaphore(0)

    def fail():
        ticks.release()
        raise error

    do((0.01, fail), (0.01, ticks.release))

    for _ in range(6):
        assert ticks.acquire(timeout=DEADLINE)
    assert told in caplog.text


def test_chores_end_when_they_are_closed(do):
    """A process that is done with its app does nothing more for it."""
    threads = []
    done = threading.Event()
    chores = do((0.01, lambda: (threads.append(threading.current_thread()), done.set())))
    assert done.wait(DEADLINE)

    chores.close()

    threads[0].join(DEADLINE)
    assert not threads[0].is_alive()


def test_chores_begin_where_no_thread_could_be_started():
    """A process at its limit of threads does its chores as soon as it can."""
    done = threading.Event()
    chores = Chores([(0.01, done.set)])
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        chores.start()

    chores.start()

    assert done.wait(DEADLINE)
    chores.close()
