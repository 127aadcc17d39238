"""Waiting until posted frames are in their outboxes, which lasts only while some are on the way."""

import threading
from contextlib import closing

import pytest

from flask_realtime.threads import background
from flask_realtime.writing import batch
from flask_realtime.writing.batch import Batch, Jobs
from flask_realtime.writing.flusher import Flusher
from tests.eventually import eventually

from ..sockets import DEADLINE, frame
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


def test_whoever_comes_as_the_first_frame_of_a_process_is_written_waits_for_it(monkeypatch):
    """The thread that writes is at its first frame before the thread that has started it knows of
    that. A page that leaves a channel meanwhile waits for the frame."""
    start, deflate = background.start_thread, Batch.deflate
    is_writing, may_go_on = threading.Event(), threading.Event()

    def start_slowly(name, run):
        thread = start(name, run)
        assert may_go_on.wait(DEADLINE)
        return thread

    def deflate_slowly(batch):
        is_writing.set()
        assert may_go_on.wait(DEADLINE)
        deflate(batch)

    monkeypatch.setattr(background, "start_thread", start_slowly)
    monkeypatch.setattr(Batch, "deflate", deflate_slowly)
    with closing(Line()) as line, closing(Flusher()) as flusher:
        post = threading.Thread(target=lambda: flusher.post(frame(1), (line.outbox,)))
        settle = threading.Thread(target=flusher.settle)
        post.start()
        assert is_writing.wait(DEADLINE)

        settle.start()

        eventually(lambda: len(flusher._jobs) == 1)
        may_go_on.set()
        for one in (post, settle):
            one.join(DEADLINE)
        assert line.read() == frame(1).plain


@pytest.fixture
def held_writing(monkeypatch):
    """Has the thread that writes stop at its first frame, until the event is set."""
    deflate = Batch.deflate
    is_writing, may_go_on = threading.Event(), threading.Event()

    def deflate_slowly(batch):
        is_writing.set()
        assert may_go_on.wait(DEADLINE)
        deflate(batch)

    monkeypatch.setattr(Batch, "deflate", deflate_slowly)
    yield is_writing, may_go_on
    may_go_on.set()


@pytest.mark.parametrize("is_taken", [True, False])
def test_nobody_waits_for_what_others_get(held_writing, is_taken):
    """Writing a push to others takes long, and more waits behind it. A page for which nothing is on
    its way leaves a channel, and goes on at once. One of the others waits."""
    is_writing, may_go_on = held_writing
    with closing(Line()) as line, closing(Line()) as another, closing(Flusher()) as flusher:
        flusher.post(frame(1), (another.outbox,) if not is_taken else (line.outbox,))
        assert is_writing.wait(DEADLINE)
        flusher.post(frame(2), (line.outbox,) if not is_taken else (another.outbox, another.outbox))
        idle = Line()

        flusher.settle([idle.outbox])

        waiting = threading.Thread(target=flusher.settle, args=[[line.outbox]])
        waiting.start()
        eventually(lambda: len(flusher._jobs) == 2)
        assert waiting.is_alive()
        may_go_on.set()
        waiting.join(DEADLINE)
        assert not waiting.is_alive()
        idle.close()


def test_whoever_comes_while_jobs_are_taken_waits():
    """Nobody knows yet for whom the frames are that the thread is taking."""
    jobs, outbox = Jobs(), object()
    jobs.append((frame(1), (object(),)))
    assert not jobs.are_for([outbox])

    jobs._at_work = None
    assert jobs.are_for([outbox])

    jobs.take(10, 1000)
    assert not jobs.are_for([outbox])


def test_few_look_for_their_frames_among_many_receivers(monkeypatch):
    """Many messages wait, each for all but its author, so that each has receivers of its own. A
    page that leaves a channel waits, rather than stop the process while it compares them all."""
    monkeypatch.setattr(batch, "MOST_LOOKED_AT", 6)
    others, leaving = [object(), object()], object()
    jobs = Jobs()
    for _ in range(3):
        jobs.append((frame(1), tuple(others)))

    assert not jobs.are_for([leaving])
    jobs.append((frame(1), tuple(others)))
    assert jobs.are_for([leaving])


def test_few_look_for_their_frames_among_many_jobs(monkeypatch):
    """A burst of messages for one socket each waits. A page that leaves a channel waits, too,
    rather than stop the process while it goes through them."""
    monkeypatch.setattr(batch, "MOST_JOBS_LOOKED_AT", 2)
    jobs = Jobs()
    for _ in range(2):
        jobs.append((frame(1), (object(),)))

    assert not jobs.are_for([object()])
    jobs.append((frame(1), (object(),)))
    assert jobs.are_for([object()])
