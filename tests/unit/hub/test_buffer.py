"""The newest part of a channel's log in memory."""

import pytest

from flask_realtime.hub.buffer import FEWEST_EMPTY, FrameBuffer
from flask_realtime.protocol.positions import Position
from flask_realtime.writing.frames import push_frame

from ..logs import Log

PLENTY = 1_000_000


@pytest.fixture
def log():
    log = Log("room")
    for number in range(10):
        log.append(number)
    return log


def frames_of(publications):
    return [push_frame(one) for one in publications]


def buffer_of(log, max_bytes=PLENTY, max_frames=1000):
    buffer = FrameBuffer(max_bytes, max_frames)
    for frame in frames_of(log.publications):
        buffer.append(frame)
    return buffer


def seqs(frames):
    return [frame.publication.position.seq for frame in frames]


def after(buffer, position, most_frames=100, most_bytes=PLENTY):
    found = buffer.after(position, most_frames, most_bytes)
    return None if found is None else seqs(found)


def test_buffer_gives_what_is_behind_a_position(log):
    """A connection at a position within the buffer gets the rest, and one at its end gets
    nothing."""
    buffer = buffer_of(log)

    assert after(buffer, log.publications[6].position) == [8, 9, 10]
    assert after(buffer, log.publications[0].before) == list(range(1, 11))
    assert after(buffer, log.tail) is None
    assert buffer.has_next(log.publications[6].position)
    assert not buffer.has_next(log.tail)


def test_buffer_gives_nothing_of_another_log(log):
    """A position with the right number, but the tag of another log, gets nothing."""
    buffer = buffer_of(log)

    assert after(buffer, Position("e1", 7, "ffff")) is None
    assert after(buffer, Position("e1", 700, "ffff")) is None
    assert after(FrameBuffer(1, 1), log.tail) is None


@pytest.mark.parametrize("limits", [{"max_frames": 4}, {"max_bytes": 4 * 66}])
def test_buffer_keeps_the_newest(log, limits):
    """The oldest frames are dropped when there are too many, or too many bytes of them."""
    buffer = buffer_of(log, **limits)

    assert buffer.first.position.seq == 7
    assert len(buffer) == 4
    assert after(buffer, log.publications[4].position) is None


def test_buffer_keeps_one_frame_however_large(log):
    """The newest frame is always kept, since it shows that something was published."""
    assert after(buffer_of(log, max_bytes=1), log.publications[8].position) == [10]


@pytest.mark.parametrize(
    ("most_frames", "most_bytes", "found"),
    [(3, PLENTY, [4, 5, 6]), (100, 2 * 66, [4, 5]), (100, 0, [4])],
)
def test_buffer_gives_no_more_than_was_asked_for(log, most_frames, most_bytes, found):
    """A connection gets its part of the frames, at least one, and later the next part."""
    assert after(buffer_of(log), log.publications[2].position, most_frames, most_bytes) == found


def test_buffer_keeps_an_extension_until_it_shrinks(log):
    """Older frames than usual stay while more arrive, and are dropped all at once when the buffer
    shrinks."""
    buffer = FrameBuffer(PLENTY, 4)
    for frame in frames_of(log.publications[6:]):
        buffer.append(frame)
    older = frames_of(log.publications[:6])

    size = buffer.extend(older)
    extended = after(buffer, log.publications[0].before)
    buffer.append(push_frame(log.append(11)))
    length = len(buffer)
    dropped = buffer.shrink()

    assert size == sum(len(frame.plain) for frame in older)
    assert extended == list(range(1, 11))
    assert length == 10
    assert after(buffer, log.publications[6].position) == [8, 9, 10, 11]
    assert len(buffer) == 4
    assert seqs(frame for frame in dropped if frame) == [2, 3, 4, 5, 6, 7]


def test_buffer_shrinks_to_its_bytes(log):
    """The buffer shrinks to its limit of bytes too, and keeps one frame of any size."""
    few, one = buffer_of(log, max_bytes=2 * 66), FrameBuffer(1, 1000)
    older = Log("room")
    few.extend(frames_of([older.append("old"), older.append("older")]))
    one.append(push_frame(log.publications[9]))

    few.shrink()
    one.shrink()

    assert (len(few), len(one)) == (2, 1)


def test_buffer_is_right_however_much_passes_through_it():
    """Places of removed frames are used again, without an error."""
    log, buffer = Log("room"), FrameBuffer(PLENTY, 3)
    for number in range(5 * FEWEST_EMPTY):
        buffer.append(push_frame(log.append(number)))
        newest = log.publications[-3:]

        assert buffer.first.position == newest[0].position
        assert after(buffer, newest[0].before) == [one.position.seq for one in newest]
    older = frames_of(log.publications[-10:-3])
    buffer.extend(older)

    assert after(buffer, log.publications[-10].before) == seqs(frames_of(log.publications[-10:]))
    popped = [buffer.pop_first().publication.position for _ in range(10)]
    assert popped == [one.position for one in log.publications[-10:]]
    assert buffer.first is None


def test_buffer_forgets_everything_when_it_is_cleared(log):
    """A cleared buffer is empty and has its usual limits."""
    buffer = FrameBuffer(PLENTY, 2)
    buffer.extend(frames_of(log.publications))
    buffer.clear()
    for frame in frames_of(log.publications):
        buffer.append(frame)

    assert len(buffer) == 2


def test_buffer_knows_which_tag_a_seq_had(log):
    """By the tag of a number an entry of another log is told from a repeat."""
    buffer = buffer_of(log)

    assert buffer.at(Position("e1", 3, "ffff")) == log.publications[2].position
    assert buffer.at(Position("e1", 30, "ffff")) is None
    assert FrameBuffer(1, 1).at(log.tail) is None
