"""Waits for the kernel to take more."""

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
    """What a poller tells: outboxes, and a semaphore that counts them."""
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
    """A full outbox is told of as soon as its fd takes more, and not again by itself."""
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
    """What one outbox raises costs the others nothing, though all are due at once."""

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
    """An fd that is closed already is told of too, so that its flushing finds the same."""
    poller = Poller(told)
    lines[0].ours.close()

    for line in lines:
        poller.watch(line.outbox)
    for line in lines[1:]:
        line.read()

    told.wait(len(lines))


def test_poller_forgets_an_outbox_before_its_fd_is_closed(lines, told):
    """When ``forget`` returns, the number of the fd may be another socket's."""
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
    """Nobody hears of an outbox that takes nothing more."""
    poller = Poller(told)
    lines[0].outbox.close()

    poller.watch(lines[0].outbox)
    poller.watch(lines[1].outbox)
    lines[0].read()
    lines[1].read()
    told.wait(1)

    assert told.outboxes == [lines[1].outbox]


def test_poller_starts_with_the_next_call_where_no_thread_was_to_be_had(lines, told):
    """Whoever handed the outbox in is told that nobody watches it; the next one is watched."""
    poller = Poller(told)
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        poller.watch(lines[0].outbox)

    poller.watch(lines[0].outbox)
    lines[0].read()

    told.wait(1)


def test_poller_that_is_closed_watches_nothing(lines, told):
    """Its thread has ended, and whoever forgets an outbox does not wait for it."""
    poller = Poller(told)
    poller.watch(lines[0].outbox)
    poller.close()
    poller.watch(lines[1].outbox)
    lines[0].read()
    lines[1].read()

    poller.forget(lines[0].outbox)
    poller.close()

    assert told.outboxes == []


def filled(count, reply=b""):
    """Lines whose peers read nothing, with a reply that is being sent."""
    lines = [Line(limit=10_000_000) for _ in range(count)]
    for line in lines:
        line.fill()
        line.outbox.append(reply or b"x")
        line.outbox.flush()
    return lines


def test_peer_that_takes_nothing_is_given_up(told, clock, monkeypatch):
    """After the limit, and in the words of the setting; one that reads on, however slowly, is
    not."""
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
        # One look may have been under way.
        for _ in range(2):
            clock.now += 1
            assert looks.acquire(timeout=DEADLINE)

    assert stalled.is_told.wait(DEADLINE)
    assert "REALTIME_STALL_SECONDS" in stalled.told[0]
    assert slow.told == []
    for line in (stalled, slow):
        line.close()


def test_replies_that_slow_peers_take_hold_no_more_than_they_may(told, monkeypatch):
    """Those that have made no progress for longest are ended; the newest never is."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1_000_000)
    lines = filled(6, reply=b"x" * 300_000)
    poller = Poller(told)

    for line in lines:
        poller.watch(line.outbox)

    assert [bool(line.told) for line in lines] == [True, True, True, False, False, False]
    assert lines[0].told == [CROWDING, "cut"]
    for line in lines:
        line.close()


def test_pushes_and_small_replies_that_wait_end_nobody(told, monkeypatch):
    """Pushes are others' too, and small replies are bounded by the backlog."""
    monkeypatch.setattr("flask_realtime.writing.slow_replies.REPLY_BYTES", 1000)
    lines = filled(20, reply=b"x" * 1000)
    poller = Poller(told)

    for line in lines:
        poller.watch(line.outbox)

    assert [line.told for line in lines] == [[]] * 20
    for line in lines:
        line.close()
