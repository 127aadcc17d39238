"""The only module that reads the clock."""

import time

from flask_realtime.connection.limits import TokenBucket
from flask_realtime.threads import clock as package_clock


def test_clock_gives_the_time_of_the_machine():
    """The clock's readings lie between two readings of Python's clocks."""
    before = time.monotonic(), time.time(), time.thread_time()

    read = package_clock.monotonic(), package_clock.now(), package_clock.worked()

    after = time.monotonic(), time.time(), time.thread_time()
    assert before[0] <= read[0] <= after[0]
    assert before[1] <= read[1] <= after[1]
    assert before[2] <= read[2] <= after[2]


def test_clock_is_moved_for_the_whole_package(clock):
    """A test moves the clock, and every module sees the new time."""
    bucket = TokenBucket(1)
    while bucket.take():
        pass

    clock.now += 2

    assert [bucket.take() for _ in range(3)] == [True, True, False]
