"""Frames for the same receivers are joined."""

from types import SimpleNamespace

from flask_realtime.writing.batch import Batch
from flask_realtime.writing.frames import text_frame

MOST = 1000


def receivers(*deflates):
    """Outboxes as a batch sees them: whether each takes deflated frames."""
    return tuple(SimpleNamespace(deflates=one) for one in deflates)


def test_batch_joins_frames_for_the_same_receivers():
    """The receivers get several frames in order, in one piece."""
    first, second, mine = text_frame("1"), text_frame("2"), receivers(False)
    batch = Batch(first, mine)

    has_joined = batch.join(second, mine, MOST)

    assert has_joined
    assert batch.plain == first.plain + second.plain


def test_batch_takes_no_frame_for_other_receivers():
    """An equal list of receivers is not enough, since a connection may have joined or left the
    channel."""
    batch = Batch(text_frame("1"), receivers(False))

    assert not batch.join(text_frame("2"), receivers(False), MOST)
    assert batch.plain == text_frame("1").plain


def test_batch_stays_below_its_limit():
    """A frame that would exceed the batch's limit starts the next batch."""
    mine = receivers(False)
    batch = Batch(text_frame("x" * 600), mine)

    assert not batch.join(text_frame("x" * 600), mine, MOST)
    assert batch.join(text_frame("x" * 100), mine, MOST)


def test_batch_is_deflated_only_if_a_receiver_takes_that(monkeypatch):
    """If all receivers take plain frames, no frame is deflated."""
    deflated = []
    monkeypatch.setattr(
        "flask_realtime.writing.frames._deflate", lambda plain, pause: deflated.append(1) or plain
    )

    Batch(text_frame("x" * 500), receivers(False, False)).deflate()
    assert deflated == []

    Batch(text_frame("x" * 500), receivers(False, True)).deflate()
    assert deflated == [1]


def test_batch_gives_deflated_frames_to_who_takes_them():
    """Receivers that take deflated frames get them; a short frame stays plain."""
    long, short, mine = text_frame("x" * 5000), text_frame("y"), receivers(True)
    batch = Batch(long, mine)
    batch.join(short, mine, 100_000)

    batch.deflate()

    assert batch.deflated == long.deflated + short.plain
    assert len(batch.deflated) < len(batch.plain)
