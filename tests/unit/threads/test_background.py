"""The threads that a process has one of each."""

import threading

import pytest

from flask_realtime.threads.background import BackgroundThread

from ..starvation import no_thread_to_be_had

DEADLINE = 5


def test_background_is_started_once():
    """Many may ask for it at the same time."""
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
    """A process at its limit of threads does without it for a while, not for ever."""
    ran = threading.Event()
    background = BackgroundThread("tests", ran.set)
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        background.start()

    background.start()

    assert ran.wait(DEADLINE)
