"""The newest frames of one channel."""

import pytest

from flask_realtime.hub.buffer import FrameBuffer
from flask_realtime.protocol.positions import Position
from flask_realtime.writing.frames import push_frame

from ..logs import Log


@pytest.fixture
def log():
    log = Log("room")
    for number in range(10):
        log.append(number)
    return log


def buffer_of(log, max_bytes=100_000, max_frames=1000):
    buffer = FrameBuffer(max_bytes, max_frames)
    for publication in log.publications:
        buffer.append(push_frame(publication))
    return buffer


def seqs(frames):
    return [frame.publication.position.seq for frame in frames]


def test_buffer_serves_what_is_behind_a_position(log):
    """One who stands within it gets the rest, and one at its end nothing."""
    buffer = buffer_of(log)

    assert seqs(buffer.after(log.publications[6].position, 100)) == [8, 9, 10]
    assert seqs(buffer.after(log.publications[0].before, 100)) == list(range(1, 11))
    assert buffer.after(log.tail, 100) is None


def test_buffer_serves_no_other_log(log):
    """The number alone is no proof: the tag must be the entry's."""
    buffer = buffer_of(log)

    assert buffer.after(Position("e1", 7, "ffff"), 100) is None
    assert buffer.after(Position("e1", 700, "ffff"), 100) is None


@pytest.mark.parametrize("limits", [{"max_frames": 4}, {"max_bytes": 4 * 66}])
def test_buffer_keeps_the_newest(log, limits):
    """The oldest frames go when there are too many, or too many bytes of them."""
    buffer = buffer_of(log, **limits)

    assert buffer.first.position.seq == 7
    assert len(buffer) == 4
    assert buffer.after(log.publications[4].position, 100) is None


def test_buffer_keeps_one_however_large(log):
    """The newest is how one knows that something came."""
    assert seqs(buffer_of(log, max_bytes=1).after(log.publications[8].position, 100)) == [10]


def test_buffer_gives_so_many_at_once(log):
    """Thousands who come back get their part, and then the next."""
    buffer = buffer_of(log)

    assert seqs(buffer.after(log.publications[2].position, 3)) == [4, 5, 6]


def test_buffer_keeps_what_was_asked_for_until_it_shrinks(log):
    """What stands before the usual stays while more comes, and goes all at once."""
    buffer = FrameBuffer(100_000, 4)
    for publication in log.publications[6:]:
        buffer.append(push_frame(publication))

    buffer.extend([push_frame(one) for one in log.publications[:6]])
    extended = seqs(buffer.after(log.publications[0].before, 100))
    buffer.append(push_frame(log.append(11)))
    length = len(buffer)
    buffer.shrink()

    assert extended == list(range(1, 11))
    assert length == 10
    assert seqs(buffer.after(log.publications[6].position, 100)) == [8, 9, 10, 11]
    assert len(buffer) == 4


def test_buffer_knows_which_tag_a_number_had(log):
    """So that an entry of another log is told from a repeat."""
    buffer = buffer_of(log)

    assert buffer.at(Position("e1", 3, "ffff")) == log.publications[2].position
    assert buffer.at(Position("e1", 30, "ffff")) is None
    assert FrameBuffer(1, 1).at(log.tail) is None
