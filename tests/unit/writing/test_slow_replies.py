"""Peers that are slow to read large replies, and which of them are closed."""

import contextlib

import pytest

from flask_realtime.writing.slow_replies import SlowReplies

from .lines import Line


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


def test_peer_that_reads_stays_though_it_holds_most(monkeypatch):
    """Sockets that read nothing, of many sessions, are closed before one that reads."""
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
