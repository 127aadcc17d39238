"""Values that each process has one of."""

import os
import threading
import weakref

import pytest

from flask_realtime.threads.fork import ForkLocal
from tests.eventually import DEADLINE


class Made:
    """A value that can be watched as it goes."""


def in_child(function):
    """The exit code of a forked process: what *function* returns there."""
    child = os.fork()
    if not child:
        code = 99
        try:
            code = function()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_fork_local_makes_one_value_for_a_process():
    """Whoever asks first makes the value, and all get the same one."""
    local = ForkLocal(Made)

    assert local.get() is local.get()


def test_fork_local_gives_all_first_users_the_same_value():
    """Of many threads that ask first at once, none has a value of its own."""
    start, values = threading.Barrier(20), []

    def ask():
        start.wait(DEADLINE)
        values.append(local.get())

    local = ForkLocal(Made)
    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert len(values) == 20
    assert len(set(values)) == 1


def test_fork_local_has_no_value_once_it_was_popped():
    """The next one to ask makes a new value."""
    local = ForkLocal(Made)
    first = local.get()

    assert local.pop() is first
    assert local.pop() is None
    assert local.get() is not first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_process_makes_a_value_of_its_own_and_lets_go_of_its_parents():
    """Nothing of the parent's is used in a child, and nothing of it is kept open there."""
    local = ForkLocal(Made)
    parents = weakref.ref(local.get())

    def look():
        is_own = local.get() is not parents()
        return 0 if is_own and parents() is None else 1

    assert in_child(look) == 0
    assert local.get() is parents()
