"""Which peers are slow to take large replies."""

import contextlib

import pytest

from flask_realtime.writing.slow_replies import SlowReplies

from .lines import Line


@pytest.fixture
def lines(monkeypatch):
    """Return lines of which three may hold a reply at one time."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1_000_000)
    lines = [Line(limit=10_000_000) for _ in range(5)]
    for line in lines:
        line.outbox.append(b"x" * 300_000)
    yield [line.outbox for line in lines]
    for line in lines:
        line.close()


def test_replies_count_before_anything_of_them_is_written(lines):
    """Those that were noted first are to end, and never the newest."""
    replies = SlowReplies()

    ended = [replies.note(outbox) for outbox in lines]

    assert ended == [[], [], [], [lines[0]], [lines[1]]]


def test_peer_that_has_taken_a_part_stays_longer(lines):
    """The one that has made no progress for longest has to go."""
    replies = SlowReplies()
    for outbox in lines[:3]:
        replies.note(outbox)

    replies.note(lines[0])

    assert replies.note(lines[3]) == [lines[1]]


def test_session_that_holds_most_ends_its_own(monkeypatch):
    """A visitor who asks on many sockets, and reads none, and comes back whenever one is cut, cuts
    nobody else off, however slowly the other takes his one reply."""
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


def test_peer_that_reads_stays_though_it_holds_most(monkeypatch):
    """Sockets of many sessions, which cost a cookie each and read nothing, have to go first."""
    reader = Line(limit=10_000_000, session="6" * 32)
    others = [Line(limit=10_000_000, session=f"{number}" * 32) for number in range(3)]
    replies = SlowReplies()

    with contextlib.ExitStack() as closing:
        for line in (reader, *others):
            closing.callback(line.close)
        reader.outbox.append(b"x" * 1_400_000)
        replies.note(reader.outbox)
        for _ in range(4):
            reader.outbox.flush()
            replies.note(reader.outbox)
            assert reader.read()
        room = reader.outbox.reply_bytes() + 400_000
        monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", room)
        for line in others:
            line.outbox.append(b"x" * 300_000)
        ended = [replies.note(line.outbox) for line in others]

    assert ended == [[], [others[0].outbox], [others[1].outbox]]


@pytest.mark.parametrize("end", ["taken", "forgotten"])
def test_reply_that_is_gone_counts_no_longer(lines, end):
    """Whether its peer has taken it, or its socket has ended."""
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
    """One that is larger than all together may be ends the others."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1000)
    replies = SlowReplies()
    replies.note(lines[0])

    assert replies.note(lines[1]) == [lines[0]]
