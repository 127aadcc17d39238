"""Waits for the kernel to take more."""

import threading

import pytest

from flask_realtime.writing.poller import Poller

from ..starvation import no_thread_to_be_had
from .lines import DEADLINE, Line


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
