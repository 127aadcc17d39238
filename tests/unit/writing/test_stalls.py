"""Whether a peer has stalled."""

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
    """Before the limit the data may still be on its way."""
    watch = StallWatch()
    watch.is_stalled(line.outbox, 0.0)

    assert not watch.is_stalled(line.outbox, line.stall_seconds)
    assert watch.is_stalled(line.outbox, line.stall_seconds + 1)


def test_peer_that_takes_a_little_has_not_stalled(line):
    """Each byte that the peer takes starts the limit again."""
    watch = StallWatch()
    watch.is_stalled(line.outbox, 0.0)

    line.receive(131_072)

    assert not watch.is_stalled(line.outbox, line.stall_seconds + 1)
    assert watch.since == line.stall_seconds + 1


def test_socket_that_is_closed_has_not_stalled(line):
    """Flushing notices that the fd is closed, and tells the owner."""
    watch = StallWatch()
    line.close()

    assert not watch.is_stalled(line.outbox, line.stall_seconds + 1)
