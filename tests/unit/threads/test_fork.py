"""Values of which each process has its own."""

import os
import threading
import weakref

import pytest

from flask_realtime.threads.fork import ForkLocal
from tests.eventually import DEADLINE


class Made:
    """A value whose removal can be watched."""


def in_child(function):
    """Return the exit code of a forked process that runs *function*."""
    child = os.fork()
    if not child:
        code = 99
        try:
            code = function()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_fork_local_makes_one_value_for_a_process():
    """The first caller creates the value, and all get the same one."""
    local = ForkLocal(Made)

    assert local.get() is local.get()


def test_fork_local_gives_all_first_users_the_same_value():
    """Many threads ask first at the same time. All get the same value."""
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


def test_fork_local_is_made_once_however_long_that_takes():
    """Several threads ask first, and the value takes long to make. It is made by one of them, and
    the others wait for it."""
    made, begun, may_end = [], threading.Event(), threading.Event()

    def make():
        made.append(Made())
        begun.set()
        may_end.wait(DEADLINE)
        return made[-1]

    local, values = ForkLocal(make), []
    threads = [threading.Thread(target=lambda: values.append(local.get())) for _ in range(5)]
    for thread in threads:
        thread.start()
    begun.wait(DEADLINE)
    # Who does not wait for the first thread makes a value of its own within that time.
    threads[-1].join(0.2)
    may_end.set()
    for thread in threads:
        thread.join(DEADLINE)

    assert len(made) == 1
    assert values == made * 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_process_does_not_wait_for_a_value_that_its_parent_makes():
    """A process forks while one of its threads makes the value. The child makes its own."""
    begun, may_end = threading.Event(), threading.Event()
    parent = os.getpid()

    def make():
        if os.getpid() == parent:
            begun.set()
            may_end.wait(DEADLINE)
        return Made()

    local = ForkLocal(make)
    thread = threading.Thread(target=local.get)
    thread.start()
    begun.wait(DEADLINE)

    assert in_child(lambda: 0 if local.get() else 1) == 0
    may_end.set()
    thread.join(DEADLINE)


def test_fork_local_has_no_value_once_it_was_popped():
    """After pop() the next caller creates a new value."""
    local = ForkLocal(Made)
    first = local.get()

    assert local.pop() is first
    assert local.pop() is None
    assert local.get() is not first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_process_makes_a_value_of_its_own_and_lets_go_of_its_parents():
    """A forked child creates its own value, and keeps nothing of the parent's open."""
    local = ForkLocal(Made)
    parents = weakref.ref(local.get())

    def look():
        is_own = local.get() is not parents()
        return 0 if is_own and parents() is None else 1

    assert in_child(look) == 0
    assert local.get() is parents()
