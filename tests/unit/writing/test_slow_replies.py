"""Peers that are slow to read large replies, and which of them are closed."""

import contextlib

import pytest

from flask_realtime.writing.frames import Frame
from flask_realtime.writing.slow_replies import READING_SECONDS, SlowReplies

from .lines import Line
from .peers import PIECE, Peers


@pytest.fixture
def lines(monkeypatch):
    """Return lines, three of which may hold a reply at one time."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1_000_000)
    lines = [Line(limit=10_000_000) for _ in range(5)]
    for line in lines:
        line.outbox.append(b"x" * 300_000)
    yield [line.outbox for line in lines]
    for line in lines:
        line.close()


def test_replies_count_before_anything_of_them_is_written(lines):
    """Replies count from their start, and the oldest are closed, never the newest."""
    replies = SlowReplies()

    ended = [replies.note(outbox) for outbox in lines]

    assert ended == [[], [], [], [lines[0]], [lines[1]]]


def test_peer_that_has_taken_a_part_stays_longer(lines):
    """The socket without progress for longest is closed."""
    replies = SlowReplies()
    for outbox in lines[:3]:
        replies.note(outbox)

    replies.note(lines[0])

    assert replies.note(lines[3]) == [lines[1]]


def test_session_that_holds_most_ends_its_own(monkeypatch):
    """A visitor asks on many sockets, reads none, and reconnects each time. Only this visitor's
    sockets are closed, not a slow reader's."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1_000_000)
    sessions = ["6" * 32, *["7" * 32] * 4]
    lines = [Line(limit=10_000_000, session=session) for session in sessions]
    replies = SlowReplies()

    with contextlib.ExitStack() as closing:
        for line in lines:
            closing.callback(line.close)
            line.outbox.append(b"x" * 300_000)
        ended = [replies.note(line.outbox) for line in lines]
        again = replies.note(lines[1].outbox)

    outboxes = [line.outbox for line in lines]
    assert ended == [[], [], [], [outboxes[1]], [outboxes[2]]]
    assert again == [outboxes[3]]


@pytest.fixture
def peers(clock, monkeypatch):
    with Peers(clock, monkeypatch) as peers:
        yield peers


def test_peer_that_reads_stays_though_it_holds_most(peers):
    """Sockets that have just asked, of many sessions, are closed before one that reads."""
    (reader,), _ = peers.ask(1, 1_400_000)
    peers.read(reader)
    peers.leave_room([reader], 1_600_000)

    others, ended = peers.ask(8)

    assert ended == [one.outbox for one in others[:3]]


def test_session_that_reads_a_little_on_many_sockets_ends_its_own(clock, monkeypatch):
    """A visitor asks on many sockets and takes some bytes now and then. Only this visitor's sockets
    are closed, and not those of somebody who has just asked."""
    with Peers(clock, monkeypatch, session="8" * 32) as greedy, Peers(clock, monkeypatch) as peers:
        peers.replies = greedy.replies
        trickling, _ = greedy.ask(4)
        greedy.read(*trickling)
        greedy.leave_room(trickling, 400_000)

        _, ended = peers.ask(2)

    assert ended == [trickling[0].outbox]


def test_peer_that_takes_next_to_nothing_has_to_go_before_one_that_has_just_asked(peers, clock):
    """Peers of many sessions take some bytes now and then, so as to count as readers. They are
    closed before somebody who has just asked."""
    trickling, _ = peers.ask(2, 1_400_000)
    peers.read(*trickling, turns=1)
    clock.now += 0.9 * READING_SECONDS
    peers.read(*trickling, turns=1)
    peers.leave_room(trickling, 400_000)

    _, ended = peers.ask(2)

    assert ended == [trickling[0].outbox]


def test_peer_whose_reply_is_done_sooner_stays(peers):
    """All peers read, one a little faster, whose reply is much longer. That one is closed: it would
    keep others waiting."""
    (long,), _ = peers.ask(1, 4_000_000)
    (short,), _ = peers.ask(1, 500_000)
    peers.read(*[long] * 8, *[short] * 2)
    peers.leave_room([long, short], 100_000)

    _, ended = peers.ask(1)

    assert ended == [long.outbox]


def test_peer_that_has_only_filled_its_kernels_buffer_has_to_go(peers):
    """A peer reads nothing, but its kernel's buffer takes a part of each reply. Its socket is
    closed."""
    (silent,), _ = peers.ask(1, 1_400_000)
    for _ in range(15):
        silent.outbox.flush()
        silent.receive(PIECE)
    peers.read()
    (reader,), _ = peers.ask(1, 1_400_000)
    peers.read(reader)
    peers.leave_room([silent, reader], 200_000)

    _, ended = peers.ask(1)

    assert ended == [silent.outbox]


def test_peer_that_reads_slowest_has_to_go_where_all_read(peers):
    """All peers read. The slowest is closed, since a quick one is done soon and then holds
    nothing."""
    (quick, slow), _ = peers.ask(2, 1_400_000)
    peers.read(quick, quick, slow)
    peers.leave_room([quick, slow], 200_000)

    _, ended = peers.ask(1)

    assert ended == [slow.outbox]


def test_peer_that_reads_no_longer_has_to_go_first(peers, clock):
    """A peer has stopped reading. It is closed first, whatever it has read before."""
    (former, reader), _ = peers.ask(2, 1_400_000)
    peers.read(*[former] * 4, reader)
    clock.now += READING_SECONDS
    peers.read(reader)
    peers.leave_room([former, reader], 200_000)

    _, ended = peers.ask(1)

    assert ended == [former.outbox]


def test_no_room_is_made_by_ending_replies_that_are_read(peers):
    """A call asks whether there is room for its reply before it makes it. There is none where a
    reply that is read would have to go; one that has only begun, or that nobody reads, may go."""
    (reader,), _ = peers.ask(1, 1_400_000)
    (silent,), _ = peers.ask(1)
    peers.read(reader, turns=6)
    peers.leave_room([reader, silent], 300_000)
    (new,), _ = peers.ask(1)
    sizes = [new.outbox.reply_bytes, silent.outbox.reply_bytes, reader.outbox.reply_bytes]

    rooms = [peers.replies.has_room(new.outbox, coming) for coming in (0, sizes[1], sizes[1] + 1)]

    assert rooms == [True, True, False]


def test_peer_whose_kernel_lets_nothing_in_for_a_moment_is_not_taken_for_a_silent_one(peers):
    """A peer's kernel took a part of a reply, and takes more when the peer has read that. Until
    then nobody knows whether the peer reads, and it stays as one that has just asked."""
    (quick, slow, filled), _ = peers.ask(3, 1_400_000)
    peers.read(quick, quick, slow, turns=2)
    peers.leave_room([quick, slow, filled], 200_000)

    _, ended = peers.ask(1)

    assert ended == [slow.outbox]


def test_room_is_made_by_ending_those_of_a_session_beyond_its_share(clock, monkeypatch):
    """A visitor reads large replies on many sockets. Somebody else's call has room."""
    with Peers(clock, monkeypatch, session="8" * 32) as greedy, Peers(clock, monkeypatch) as peers:
        peers.replies = greedy.replies
        readers, _ = greedy.ask(4)
        greedy.read(*readers)
        greedy.leave_room(readers, 0)
        (new,), _ = peers.ask(1, 100)

        has_room = peers.replies.has_room(new.outbox, 300_000)

    assert has_room


class CountedFrame(Frame):
    """A frame that counts how often anybody looks at its bytes."""

    __slots__ = ("bytes_of_frame",)
    looks = 0

    @property
    def plain(self):
        CountedFrame.looks += 1
        return self.bytes_of_frame

    @plain.setter
    def plain(self, data):
        self.bytes_of_frame = data


def test_looking_at_replies_takes_no_time_for_the_pushes_behind_them(peers, monkeypatch):
    """Thousands of pushes wait behind each of many replies. None of them is looked at to tell which
    peers read, while no other socket could be written to."""
    readers, _ = peers.ask(3)
    for one in readers:
        one.outbox.append(*[CountedFrame("push") for _ in range(10)])
    peers.read(readers[0])
    peers.leave_room(readers, 200_000)
    monkeypatch.setattr(CountedFrame, "looks", 0)

    peers.read()
    _, ended = peers.ask(1)

    assert ended != []
    assert CountedFrame.looks == 0


@pytest.mark.parametrize("end", ["taken", "forgotten"])
def test_reply_that_is_gone_counts_no_longer(lines, end):
    """A reply does not count after it is sent, or its socket has ended."""
    replies = SlowReplies()
    for outbox in lines[:3]:
        replies.note(outbox)

    if end == "taken":
        lines[1].close()
    else:
        replies.forget(lines[1])

    assert replies.note(lines[3]) == []
    assert replies.note(lines[4]) == [lines[0]]


def test_largest_reply_of_all_is_sent(lines, monkeypatch):
    """A reply larger than the limit for all is sent, and closes the others."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1000)
    replies = SlowReplies()
    replies.note(lines[0])

    assert replies.note(lines[1]) == [lines[0]]
