"""The one place that asks what time it is."""

import time

from flask_realtime.threads import clock


def test_clock_gives_the_time_of_the_machine():
    """Both readings lie between two readings of Python's own clocks."""
    before = time.monotonic(), time.time()

    read = clock.monotonic(), clock.now()

    after = time.monotonic(), time.time()
    assert before[0] <= read[0] <= after[0]
    assert before[1] <= read[1] <= after[1]
