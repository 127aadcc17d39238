"""Objects are made without the garbage collector running meanwhile."""

import gc
import subprocess
import sys

import pytest

from flask_realtime.threads.garbage_collector import without_garbage_collector


@pytest.fixture(autouse=True)
def collector():
    gc.enable()
    yield
    gc.enable()


def test_collector_is_off_during_the_block_alone():
    """A block that fails turns it on as well."""
    with pytest.raises(ValueError, match="no JSON"), without_garbage_collector():
        assert not gc.isenabled()
        raise ValueError("no JSON")

    assert gc.isenabled()


def test_collector_that_the_app_has_turned_off_stays_off():
    """Some apps collect garbage between requests only."""
    gc.disable()

    with without_garbage_collector():
        pass

    assert not gc.isenabled()


def test_collector_stays_on_where_two_threads_end_their_blocks_in_any_order():
    """The second block begins while the first has the collector off, and ends behind it."""
    first, second = without_garbage_collector(), without_garbage_collector()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)

    assert gc.isenabled()


FORKED = """
import gc, os
from flask_realtime.threads.garbage_collector import without_garbage_collector
with without_garbage_collector():
    if not os.fork():
        os._exit(0 if gc.isenabled() else 1)
    _, status = os.wait()
os._exit(os.waitstatus_to_exitcode(status))
"""


def test_process_that_is_forked_off_meanwhile_has_a_collector():
    """A job of the app's forks a process while a message is read."""
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED]).returncode == 0
