"""The only module that starts threads."""

import contextvars
import threading

import pytest

from flask_realtime.threads.background import BackgroundThread, start_thread
from tests.eventually import DEADLINE

from ..starvation import no_thread_to_be_had


def test_background_is_started_once():
    """Many threads ask for the background thread at once. One is started."""
    may_end = threading.Event()
    background = BackgroundThread("tests of background", lambda: may_end.wait(DEADLINE))
    asking = [threading.Thread(target=background.start) for _ in range(20)]

    for one in asking:
        one.start()
    for one in asking:
        one.join(DEADLINE)

    assert [one.name for one in threading.enumerate()].count("tests of background") == 1
    may_end.set()


def test_background_starts_with_the_next_call_where_no_thread_was_to_be_had():
    """No thread can be started. The next call tries again."""
    ran = threading.Event()
    background = BackgroundThread("tests", ran.set)
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        background.start()

    background.start()

    assert ran.wait(DEADLINE)


@pytest.fixture
def inheriting(monkeypatch):
    """Make threads start in a copy of their starter's context, as Python 3.14's free-threaded build
    does."""
    start = threading.Thread.start

    def start_in_copy(thread):
        context, run = contextvars.copy_context(), thread.run
        thread.run = lambda: context.run(run)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_in_copy)


def test_thread_sees_nothing_of_its_starters_context(inheriting):
    """A thread that the first request starts does not keep that request's ``g``."""
    variable = contextvars.ContextVar("variable", default="nothing")
    seen, done = [], threading.Event()

    def look():
        seen.append(variable.get())
        done.set()

    variable.set("of the first request")
    start_thread("tests", look)

    assert done.wait(DEADLINE)
    assert seen == ["nothing"]


def test_thread_does_not_keep_its_process():
    """A process ends although its background threads still run."""
    threads, done = [], threading.Event()

    def look():
        threads.append(threading.current_thread())
        done.set()

    start_thread("tests", look)

    assert done.wait(DEADLINE)
    assert [thread.daemon for thread in threads] == [True]


def test_background_is_waited_for():
    """Closing returns when the thread has ended."""
    gate, done = threading.Event(), []
    background = BackgroundThread("tests", lambda: done.append(gate.wait(DEADLINE)))
    background.join()
    background.start()
    joining = threading.Thread(target=background.join)
    joining.start()
    gate.set()
    joining.join(DEADLINE)

    assert done == [True]


def test_background_is_not_waited_for_by_itself_or_for_ever(monkeypatch):
    """A thread that closes its own owner does not wait for itself, and a hanging thread is not
    waited for for ever."""
    monkeypatch.setattr("flask_realtime.threads.background.END_SECONDS", 0)
    gate, joined = threading.Event(), threading.Event()

    def run():
        background.join()
        joined.set()
        gate.wait(DEADLINE)

    background = BackgroundThread("tests", run)
    background.start()

    assert joined.wait(DEADLINE)
    background.join()
    gate.set()
