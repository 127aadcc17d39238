"""One channel as a process follows it."""

import pytest

from flask_realtime.hub.channel import LocalChannel
from flask_realtime.protocol.positions import Position
from flask_realtime.writing.frames import push_frame

from ..logs import Ear, Log


@pytest.fixture
def log():
    log = Log("room")
    for number in range(10):
        log.append(number)
    return log


@pytest.fixture
def channel(log):
    """A live channel that has delivered seven of ten entries, of which it keeps the last two."""
    channel = LocalChannel("room")
    channel.restart(log.publications[4].position)
    assert channel.resume(log.publications[4].position)
    for publication in log.publications[5:7]:
        channel.advance(push_frame(publication))
    return channel


def test_new_channel_is_paused_until_its_log_was_read():
    """The position of a new channel is not known until its log is read."""
    channel = LocalChannel("room")

    assert channel.is_paused
    assert channel.tail is None
    assert channel.begin_reading() is None
    assert not channel.resume(Position("e1", 0, ""))


def test_channel_tells_the_next_from_a_repeat_and_from_what_fits_nowhere(channel, log):
    """Epoch, number and tag together tell the next entry from a repeat and from one of another
    log."""
    sixth, eighth, ninth = (log.publications[index] for index in (5, 7, 8))
    stranger = Log("room")
    for number in range(7):
        foreign = stranger.append(number)

    assert [channel.is_repeat(one) for one in (sixth, eighth, foreign)] == [True, False, False]
    assert [channel.follows(one) for one in (sixth, eighth, ninth)] == [False, True, False]


def test_channel_hands_out_one_tuple_until_somebody_comes_or_goes(channel):
    """The receivers are the same tuple until one joins or leaves, so that frames for them can be
    joined."""
    one, two = Ear("d1"), Ear("d2")
    channel.join(one)
    first = channel.outboxes()
    same = channel.outboxes()
    channel.leave(two)
    unchanged = channel.outboxes()
    channel.join(two)

    assert first is same is unchanged
    assert set(channel.outboxes()) == {one, two}
    assert channel.has_listener(one) and not channel.has_listener(Ear())


def test_channel_goes_live_once_it_has_everything_up_to_the_tail(channel, log):
    """Entries that arrived during the pause are delivered in order, without those that were
    delivered before."""
    seventh, eighth, ninth, tenth = log.publications[6:]
    channel.pause()
    channel.begin_reading()
    for publication in (seventh, ninth, tenth):
        channel.wait(push_frame(publication))
    too_early = channel.next_waiting()
    channel.advance(push_frame(eighth))
    taken = []
    while (frame := channel.next_waiting()) is not None:
        channel.advance(frame)
        taken.append(frame.publication.position)

    assert too_early is None
    assert taken == [ninth.position, tenth.position]
    assert channel.resume(log.tail)
    assert not channel.is_paused


def test_channel_stays_paused_if_the_reading_may_have_begun_too_early(channel, log):
    """The channel is paused again during a reading, which may have begun too early. Another reading
    follows."""
    channel.pause()
    channel.begin_reading()
    channel.pause()
    early = channel.resume(channel.tail)
    channel.begin_reading()

    assert not early
    assert channel.resume(channel.tail)


def test_channel_covers_what_follows_a_position_that_it_keeps(channel, log):
    """A connection at the tail, or at a position that is kept, needs no read; one before that
    does."""
    places = [one.position for one in log.publications]

    assert channel.after(channel.tail) == []
    assert [frame.publication.position for frame in channel.after(places[5])] == [places[6]]
    assert channel.after(places[3]) is None
    assert [channel.covers(places[index]) for index in (3, 4, 6, 9)] == [False, True, True, False]
    assert channel.distance(places[1]) == 3


def test_channel_knows_which_entries_lead_up_to_what_it_keeps(channel, log):
    """Of entries that were read it takes those up to what it keeps, and none if there is a hole
    between."""
    entries = log.publications

    assert channel.leading(entries[:8]) == entries[:5]
    assert channel.leading(entries[:4]) == channel.leading(entries[5:]) == channel.leading([]) == ()
    stranger = Log("room")
    assert channel.leading([stranger.append(number) for number in range(8)]) == ()
    assert LocalChannel("new").leading(entries) == ()


def test_channel_keeps_older_entries_until_it_shrinks(channel, log):
    """Older entries stay for a while for all connections that resume from there."""
    places = [one.position for one in log.publications]
    older = [push_frame(one) for one in log.publications[:5]]

    not_leading = channel.extend(older[:3])
    size = channel.extend(older)
    covered = channel.covers(places[0])

    assert not_leading == 0
    assert size == sum(len(frame.plain) for frame in older)
    assert covered
    assert channel.covers(places[5])


def test_channel_that_begins_anew_keeps_nothing(channel, log):
    """A channel with a new log knows nothing of the former log, also not what was trimmed."""
    channel.note_gone(log.publications[3].position)
    gone = channel.is_gone(log.publications[1].position)
    channel.restart(log.tail)

    assert gone
    assert not channel.is_gone(log.publications[1].position)
    assert not channel.covers(log.publications[5].position)
    assert channel.covers(log.tail)


def test_channel_believes_only_of_its_own_log_that_it_was_trimmed(channel):
    """A position of another log does not change what is known to be trimmed."""
    channel.note_gone(Position("other", 3, "ffff"))

    assert not channel.is_gone(Position("e1", 3, "ffff"))
    assert not channel.is_behind(channel.tail)
