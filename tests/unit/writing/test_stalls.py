"""Decides whether a peer has stalled."""

import pytest

from flask_realtime.writing.stalls import StallWatch

from .lines import Line


@pytest.fixture
def line():
    line = Line()
    line.fill()
    yield line
    line.close()


def test_peer_that_takes_nothing_has_stalled_once_the_limit_is_over(line):
    """Not before: what the peer has not taken may be on its way."""
    watch = StallWatch()
    watch.is_stalled(line.outbox, 0.0)

    assert not watch.is_stalled(line.outbox, line.stall_seconds)
    assert watch.is_stalled(line.outbox, line.stall_seconds + 1)


def test_peer_that_takes_a_little_has_not_stalled(line):
    """Whatever the peer takes begins the limit anew."""
    watch = StallWatch()
    watch.is_stalled(line.outbox, 0.0)

    line.receive(131_072)

    assert not watch.is_stalled(line.outbox, line.stall_seconds + 1)
    assert watch.since == line.stall_seconds + 1


def test_socket_that_is_closed_has_not_stalled(line):
    """Flushing finds that the fd is closed, and says so to the owner."""
    watch = StallWatch()
    line.close()

    assert not watch.is_stalled(line.outbox, line.stall_seconds + 1)
