"""Whoever wants what was posted to be in its place waits only where something is on its way."""

from contextlib import closing

from flask_realtime.writing.flusher import Flusher
from tests.eventually import eventually

from ..sockets import frame
from .lines import Line


def test_nobody_wakes_a_flusher_that_has_nothing_to_write(monkeypatch):
    """A flusher has written all that was posted. Each page that leaves a channel asks it for that,
    and goes on at once."""
    rings = []
    with closing(Line()) as line, closing(Flusher()) as flusher:
        flusher.post(frame(1), (line.outbox,))
        flusher.settle()
        eventually(lambda: flusher._is_idle)
        monkeypatch.setattr(flusher, "_ring", lambda: rings.append(1) or flusher._bell.set())

        flusher.settle()

    assert rings == []
