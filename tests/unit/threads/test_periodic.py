"""Functions that are called at intervals."""

import logging
import threading

import pytest

from flask_realtime.threads.periodic import Periodic
from tests.eventually import DEADLINE

from ..starvation import no_thread_to_be_had


@pytest.fixture
def do():
    """A function that starts calls of functions at intervals."""
    begun = []

    def do(*calls):
        begun.append(Periodic("realtime-test", calls))
        begun[-1].start()
        begun[-1].start()
        return begun[-1]

    yield do

    for one in begun:
        one.close()


def test_each_function_is_called_at_its_interval(do):
    """Each function is called at its own interval, whatever the others' intervals."""
    ticks, never = threading.Semaphore(0), []

    do((0.01, ticks.release), (1000.0, lambda: never.append(1)))

    for _ in range(3):
        assert ticks.acquire(timeout=DEADLINE)
    assert not never


@pytest.mark.parametrize(
    "error, told",
    [(ZeroDivisionError("by zero"), "by zero"), (ConnectionError(), "is unavailable")],
)
def test_calls_go_on_after_one_that_fails(do, caplog, error, told):
    """A function raises. It is called again, and so are the others."""
    ticks = threading.Semaphore(0)

    def fail():
        ticks.release()
        raise error

    do((0.01, fail), (0.01, ticks.release))

    for _ in range(6):
        assert ticks.acquire(timeout=DEADLINE)
    assert told in caplog.text


def test_failure_is_told_once_until_it_is_another_or_over(do, caplog):
    """A function fails alike for a while, then otherwise, then not at all, and then as at first.
    The log has a line each time that something is new."""
    failures = [KeyError, KeyError, ConnectionError, ConnectionError, KeyError, None, KeyError]
    left, done = list(failures), threading.Event()

    def fail():
        error = left.pop(0) if left else done.set()
        if error is not None:
            raise error

    do((0.01, fail))

    assert done.wait(DEADLINE)
    told = [one.levelname for one in caplog.records if one.levelno >= logging.WARNING]
    assert told == ["ERROR", "WARNING", "ERROR", "ERROR"]


def test_no_function_is_called_once_they_are_closed(do):
    """After close() no function is called."""
    threads = []
    done = threading.Event()
    periodic = do((0.01, lambda: (threads.append(threading.current_thread()), done.set())))
    assert done.wait(DEADLINE)

    periodic.close()

    threads[0].join(DEADLINE)
    assert not threads[0].is_alive()


def test_calls_begin_where_no_thread_could_be_started():
    """No thread can be started at first. The calls begin as soon as one can."""
    done = threading.Event()
    periodic = Periodic("realtime-test", [(0.01, done.set)])
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        periodic.start()

    periodic.start()

    assert done.wait(DEADLINE)
    periodic.close()
