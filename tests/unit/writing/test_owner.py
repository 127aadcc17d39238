"""Whose outbox it is, while its connection lives and behind its end."""

import pytest

from flask_realtime.writing.owner import NOBODY
from flask_realtime.writing.stalls import StallWatch

from .lines import Line


@pytest.fixture
def line():
    line = Line()
    line.fill()
    line.outbox.owner = NOBODY
    yield line
    line.close()


def test_outbox_of_an_ended_connection_tells_nobody(line):
    """A thread that still has the outbox in hand finds its peer gone, or too much waiting. It need
    not know that the connection has ended meanwhile, and let go of its outbox."""
    line.outbox.tell_overflow(1)
    line.outbox.owner.cut()

    assert not line.told


def test_outbox_of_an_ended_connection_never_stalls(line):
    """Its peer takes nothing for an hour."""
    watch = StallWatch()
    watch.is_stalled(line.outbox, 0.0)

    assert not watch.is_stalled(line.outbox, 3600.0)
