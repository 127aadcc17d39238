"""What the unit tests share."""

import pytest

from flask_realtime.threads import clock as package_clock


class StoppedClock:
    """The time of the whole package, which passes when the test adds to ``now``."""

    def __init__(self):
        self.now = 1_000_000.0


@pytest.fixture
def clock(monkeypatch):
    """A stopped clock, in place of the package's."""
    stopped = StoppedClock()
    monkeypatch.setattr(package_clock, "monotonic", lambda: stopped.now)
    monkeypatch.setattr(package_clock, "now", lambda: stopped.now)
    return stopped
