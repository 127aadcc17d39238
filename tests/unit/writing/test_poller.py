"""The poller, which waits until the kernel accepts more of full sockets."""

import errno
import selectors
import threading

import pytest

from flask_realtime.writing.poller import CROWDING, Poller

from ..starvation import no_thread_to_be_had
from .lines import DEADLINE, Line

# Longer than any test.
STALL_SECONDS = 1000.0


@pytest.fixture
def lines():
    lines = [Line() for _ in range(20)]
    for line in lines:
        line.fill()
    yield lines
    for line in lines:
        line.close()


@pytest.fixture
def told():
    """A poller's record: the outboxes that it reports, and a semaphore that counts them."""
    return Told()


class Told:
    def __init__(self):
        self.outboxes = []
        self.count = threading.Semaphore(0)

    def __call__(self, outbox):
        self.outboxes.append(outbox)
        self.count.release()

    def wait(self, count):
        for _ in range(count):
            assert self.count.acquire(timeout=DEADLINE)


def test_poller_tells_once_when_the_peer_has_read(lines, told):
    """A full outbox is reported once, as soon as its fd accepts more."""
    poller = Poller(told)
    poller.watch(lines[0].outbox)
    poller.watch(lines[1].outbox)

    lines[0].read()
    told.wait(1)
    lines[1].read()
    told.wait(1)

    assert told.outboxes == [lines[0].outbox, lines[1].outbox]


@pytest.mark.parametrize("end", ["has read", "is closed"])
def test_poller_tells_of_all_others_when_one_fails(lines, told, caplog, end):
    """One outbox raises. All others that are due are reported."""

    def tell(outbox):
        told(outbox)
        raise ZeroDivisionError

    poller = Poller(tell)
    for line in lines:
        if end == "is closed":
            line.ours.close()
        poller.watch(line.outbox)
    if end == "has read":
        for line in lines:
            line.read()

    told.wait(len(lines))

    assert set(told.outboxes) == {line.outbox for line in lines}
    assert "ZeroDivisionError" in caplog.text


def test_poller_tells_of_all_others_when_an_fd_is_closed(lines, told):
    """A closed fd is reported too, so that flushing finds the same."""
    poller = Poller(told)
    lines[0].ours.close()

    for line in lines:
        poller.watch(line.outbox)
    for line in lines[1:]:
        line.read()

    told.wait(len(lines))


def test_poller_forgets_an_outbox_before_its_fd_is_closed(lines, told):
    """After ``forget`` the fd's number may belong to another socket."""
    poller = Poller(told)
    for line in lines[:2]:
        poller.watch(line.outbox)
    lines[2].read()
    poller.watch(lines[2].outbox)
    told.wait(1)

    lines[0].outbox.close()
    poller.forget(lines[0].outbox)
    lines[0].read()
    lines[1].read()
    told.wait(1)

    assert told.outboxes == [lines[2].outbox, lines[1].outbox]


def test_poller_watches_nothing_that_is_closed(lines, told):
    """A closed outbox is not reported."""
    poller = Poller(told)
    lines[0].outbox.close()

    poller.watch(lines[0].outbox)
    poller.watch(lines[1].outbox)
    lines[0].read()
    lines[1].read()
    told.wait(1)

    assert told.outboxes == [lines[1].outbox]


def test_poller_starts_with_the_next_call_where_no_thread_was_to_be_had(lines, told):
    """No thread can be started. The caller is told that its outbox is not watched, and the next
    outbox is."""
    poller = Poller(told)
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        poller.watch(lines[0].outbox)

    poller.watch(lines[0].outbox)
    lines[0].read()

    told.wait(1)


def test_poller_that_is_closed_watches_nothing(lines, told):
    """The thread of a closed poller has ended, and forgetting an outbox does not wait for it."""
    poller = Poller(told)
    poller.watch(lines[0].outbox)
    poller.close()
    poller.watch(lines[1].outbox)
    lines[0].read()
    lines[1].read()

    poller.forget(lines[0].outbox)
    poller.close()

    assert told.outboxes == []


def test_poller_starts_with_the_next_call_where_no_fd_was_to_be_had(lines, told, monkeypatch):
    """A poller that gets no fd raises an error, by which its caller closes the socket."""

    def refuse():
        raise OSError(errno.EMFILE, "Too many open files")

    poller = Poller(told)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="Too many open files"):
        patch.setattr(selectors, "DefaultSelector", refuse)
        poller.watch(lines[0].outbox)

    poller.watch(lines[1].outbox)
    lines[1].read()

    told.wait(1)
    assert told.outboxes == [lines[1].outbox]


def filled(count, reply=b""):
    """Lines whose peers read nothing, each with a reply that is partly sent."""
    lines = [Line(limit=10_000_000) for _ in range(count)]
    for line in lines:
        line.fill()
        line.outbox.append(reply or b"x")
        line.outbox.flush()
    return lines


def wait_for_look(clock, looks):
    # One check may have been in progress.
    for _ in range(2):
        clock.now += 1
        assert looks.acquire(timeout=DEADLINE)


def test_peer_that_takes_nothing_is_given_up(told, clock, monkeypatch):
    """A peer that takes nothing is closed after the limit, which the message names; one that reads
    slowly is not."""
    monkeypatch.setattr("flask_realtime.writing.poller.LOOK_SECONDS", 0.01)
    stalled, slow = filled(2)
    poller, looks = Poller(told), threading.Semaphore(0)
    look = poller._look
    monkeypatch.setattr(poller, "_look", lambda now: (look(now), looks.release()))
    poller.watch(stalled.outbox)
    poller.watch(slow.outbox)

    for _ in range(4):
        slow.receive(32_768)
        clock.now += STALL_SECONDS * 0.4
        wait_for_look(clock, looks)

    assert stalled.is_told.wait(DEADLINE)
    assert "REALTIME_STALL_SECONDS" in stalled.told[0]
    assert slow.told == []
    for line in (stalled, slow):
        line.close()


def test_replies_that_slow_peers_take_hold_no_more_than_they_may(told, monkeypatch):
    """Large replies hold too much memory. Sockets without progress for longest are closed, never
    the newest."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1_000_000)
    lines = filled(6, reply=b"x" * 300_000)
    poller = Poller(told)

    for line in lines:
        poller.watch(line.outbox)

    assert [bool(line.told) for line in lines] == [True, True, True, False, False, False]
    assert lines[0].told == [CROWDING, "cut"]
    for line in lines:
        line.close()


def test_peer_that_reads_is_known_before_others_come(told, clock, monkeypatch):
    """A peer reads its reply. New replies do not close its socket in place of one that reads
    nothing."""
    monkeypatch.setattr("flask_realtime.writing.poller.LOOK_SECONDS", 0.01)
    reader, silent, newest = lines = filled(3, reply=b"x" * 300_000)
    poller, looks = Poller(told), threading.Semaphore(0)
    look = poller._look
    monkeypatch.setattr(poller, "_look", lambda now: (look(now), looks.release()))
    poller.watch(reader.outbox)
    poller.watch(silent.outbox)
    for _ in range(3):
        wait_for_look(clock, looks)
        reader.receive(65_536)
    wait_for_look(clock, looks)

    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 700_000)
    poller.watch(newest.outbox)

    assert silent.told == [CROWDING, "cut"]
    assert reader.told == newest.told == []
    for line in lines:
        line.close()


def test_pushes_and_small_replies_that_wait_end_nobody(told, monkeypatch):
    """Pushes are shared, and small replies are limited by the backlog, so neither closes a
    socket."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1000)
    lines = filled(20, reply=b"x" * 1000)
    poller = Poller(told)

    for line in lines:
        poller.watch(line.outbox)

    assert [line.told for line in lines] == [[]] * 20
    for line in lines:
        line.close()
