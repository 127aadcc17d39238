"""Whoever wants what was posted to be in its place waits only where something is on its way."""

from contextlib import closing

from flask_realtime.writing.batch import Batch
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


def test_nobody_starts_a_flusher_that_has_never_written():
    """A page leaves a channel in a process that has written nothing: no thread is started for
    that."""
    with closing(Flusher()) as flusher:
        flusher.settle()

        assert not flusher._thread.is_started


def test_nobody_waits_for_a_turn_that_has_failed(monkeypatch, caplog):
    """Writing a push fails. Who waits for what was posted before goes on, and is not kept until a
    warning is logged."""

    def fail(batch):
        raise MemoryError("while deflating")

    with closing(Line()) as line, closing(Flusher()) as flusher:
        # Not posted, which would have the thread take it before the event of settle().
        flusher._jobs.append((frame(1), (line.outbox,)))
        monkeypatch.setattr(Batch, "deflate", fail)

        flusher.settle()

    assert "while deflating" in caplog.text
    assert "takes longer" not in caplog.text
