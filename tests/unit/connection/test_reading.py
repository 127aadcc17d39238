"""How one socket is read."""

import socket
import threading

import pytest

from flask_realtime.connection.limits import PendingLimit
from flask_realtime.connection.reading import Reading
from flask_realtime.threads import time_slice as module
from flask_realtime.threads.time_slice import SLICE_SECONDS, TimeSlice
from flask_realtime.writing.fd import descriptor_for

from ...eventually import DEADLINE, eventually


class Slow:
    """The fd of a peer, whose reader has to wait for *seconds*."""

    def __init__(self, clock, seconds):
        self.clock = clock
        self.seconds = seconds

    def receive(self, size):
        self.clock.now += self.seconds
        return b"at last"


class Read:
    """The reading of a socket whose peer the test controls."""

    def __init__(self):
        self.ours, self.peer = socket.socketpair()
        self.pending = PendingLimit(2, 100)
        self.reading = Reading(descriptor_for(self.ours), self.pending, TimeSlice())
        self.reading.begin()


@pytest.fixture
def read():
    read = Read()
    yield read
    read.ours.close()
    read.peer.close()


@pytest.fixture
def pauses(monkeypatch):
    """A list that grows with each pause of the reading."""
    pauses = []
    monkeypatch.setattr(module, "let_others_run", lambda: pauses.append(1))
    return pauses


def test_reading_gives_the_peers_bytes_and_notes_when_they_came(clock, read):
    """The time of the last bytes is recorded for the heartbeat."""
    clock.now += 7
    read.peer.sendall(b"hello")

    data = read.reading.receive(100)

    assert data == b"hello"
    assert read.reading.last_heard == clock.now


def test_reading_gives_nothing_when_the_peer_has_ended(read):
    """At the end of a peer the reading returns no bytes."""
    read.peer.close()

    assert read.reading.receive(100) == b""


def test_reading_gives_nothing_after_the_good_bye(read):
    """Bytes that a peer sends after our close frame are dropped."""
    read.peer.sendall(b"late")

    read.reading.end()

    assert read.reading.receive(100) == b""


def test_reading_of_all_sockets_lets_others_run_after_a_turn(clock, pauses):
    """Peers that send without a break share one turn of reading, after which other threads run."""
    time_slice, counts = TimeSlice(), []
    readings = [Reading(Slow(clock, 0), PendingLimit(2, 100), time_slice) for _ in range(3)]
    for reading in readings:
        reading.begin()
        clock.now += SLICE_SECONDS * 0.6
        reading.yield_turn()
        counts.append(len(pauses))

    assert counts == [0, 1, 1]


def test_reading_that_had_to_wait_begins_a_new_turn(clock, pauses):
    """Others run while the reading waits for a peer, so a new turn begins after that."""
    reading = Reading(Slow(clock, SLICE_SECONDS), PendingLimit(2, 100), TimeSlice())
    for _ in range(3):
        reading.receive(100)
        clock.now += SLICE_SECONDS * 0.9

    assert not pauses


def test_reading_waits_while_too_much_is_pending(read):
    """A peer is not read further until its messages are handled, and its silence meanwhile does not
    count."""
    for _ in range(2):
        read.pending.enter(1)
    read.reading.last_heard -= 1000
    waiting = threading.Thread(target=read.reading.wait_for_handling, daemon=True)
    waiting.start()
    eventually(lambda: not read.reading.is_active)

    read.pending.leave(1)
    waiting.join(DEADLINE)

    assert not waiting.is_alive()
    assert read.reading.is_active
    assert read.reading.last_heard > 0


def test_reading_that_waits_ends_when_the_peer_has_gone(read):
    """The peer disconnects while its reading waits. The wait ends, although the peer's last data is
    unread."""
    for _ in range(2):
        read.pending.enter(1)
    waiting = threading.Thread(target=read.reading.wait_for_handling, daemon=True)
    waiting.start()
    eventually(lambda: not read.reading.is_active)
    read.peer.sendall(b"unread")

    read.peer.close()

    waiting.join(DEADLINE)
    assert not waiting.is_alive()
    assert read.reading.receive(100) == b""


def test_reading_that_ends_waits_for_nobody(read):
    """A socket closes while its messages wait. Its reading ends at once."""
    for _ in range(2):
        read.pending.enter(1)
    waiting = threading.Thread(target=read.reading.wait_for_handling, daemon=True)
    waiting.start()
    eventually(lambda: not read.reading.is_active)

    read.reading.end()

    waiting.join(DEADLINE)
    assert not waiting.is_alive()
