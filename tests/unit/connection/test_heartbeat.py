"""The heartbeat finds peers that are gone."""

import threading

import pytest

from flask_realtime.connection import heartbeat
from flask_realtime.connection.heartbeat import Heartbeat
from tests.eventually import DEADLINE, eventually

from ..sockets import Pair
from ..starvation import no_thread_to_be_had


@pytest.fixture
def beat(monkeypatch):
    """A function that starts a fast heartbeat over some pairs."""
    monkeypatch.setattr(heartbeat, "TICK_SECONDS", 0.01)
    started = []

    def beat(*pairs, interval=0.1, ticks=None):
        def connections():
            if ticks is not None:
                ticks.release()
            return [pair.connection for pair in pairs]

        one = Heartbeat(connections, interval)
        one.start()
        started.append(one)
        return one

    yield beat

    for one in started:
        one.close()


def be_silent(pair, seconds):
    """Make *pair* look as if its peer had sent nothing for that long."""
    pair.connection.reading.last_heard -= seconds
    pair.connection.last_pinged -= seconds


def answer(pair):
    """Send something as the peer of *pair*; return when it was read."""
    before = pair.connection.reading.last_heard
    pair.peer.sendall(b"x")
    eventually(lambda: pair.connection.reading.last_heard > before)


def test_heartbeat_pings_a_silent_peer(beat):
    """A silent peer gets a ping, which also keeps proxies from closing the connection."""
    pair = Pair().start()
    be_silent(pair, 150)

    beat(pair, interval=100)

    assert pair.receive_frame() == (9, b"")
    pair.end()


def test_heartbeat_ends_a_peer_that_stays_silent(beat):
    """A peer sends nothing for two intervals. Its socket ends without a further wait."""
    pair = Pair().start()

    beat(pair, interval=0.05)

    assert pair.receiver.is_closed.wait(DEADLINE)
    pair.end()


def test_heartbeat_leaves_alone_one_that_answers(beat):
    """Any byte of a peer counts as an answer."""
    pair = Pair().start()
    beat(pair, interval=100)

    for _ in range(3):
        be_silent(pair, 150)
        assert pair.receive_frame()[0] == 9
        answer(pair)

    assert pair.connection.is_open
    pair.end()


def test_heartbeat_says_nothing_before_the_101(beat):
    """A handshake waits for Redis for longer than an interval. It gets no ping, because the fd is
    still the server's."""
    pair = Pair()
    pair.connection.reading.last_heard -= 1000
    ticks = threading.Semaphore(0)

    beat(pair, ticks=ticks)
    for _ in range(5):
        assert ticks.acquire(timeout=DEADLINE)

    # The 101 must come first.
    pair.start()
    assert pair.connection.is_open
    pair.end()


def test_heartbeat_starts_again_where_no_thread_could_be_started(monkeypatch):
    """No thread can be started at first. The heartbeat starts as soon as one can."""
    begun = threading.Event()
    monkeypatch.setattr(heartbeat, "TICK_SECONDS", 0.01)
    one = Heartbeat(lambda: begun.set() or [], 1.0)
    with no_thread_to_be_had(), pytest.raises(RuntimeError):
        one.start()

    one.start()

    assert begun.wait(DEADLINE)
    one.close()


def test_heartbeat_stands_still_while_we_do_not_read(beat):
    """The server has paused reading a peer, whose silence does not count."""
    pair = Pair().start()
    pair.connection.reading.is_active = False
    pair.connection.reading.last_heard -= 1000
    ticks = threading.Semaphore(0)

    beat(pair, ticks=ticks)
    for _ in range(5):
        assert ticks.acquire(timeout=DEADLINE)

    assert pair.connection.is_open
    pair.end()


def test_heartbeat_ends_one_that_does_not_answer_a_close_frame(beat):
    """A peer does not answer a close frame within two seconds. Its fd is shut down."""
    pair = Pair().start()
    pair.connection.close(1000)
    pair.connection.close_by = 0.0

    beat(pair)

    assert pair.receiver.is_closed.wait(DEADLINE)
    pair.end()


def test_heartbeat_closes_one_that_never_resumes(beat):
    """A client promised to resume and does not. Its socket closes with 1008."""
    pair = Pair().start()
    pair.connection.resume_by = 0.0

    beat(pair, interval=100)

    assert pair.receive_close() == 1008
    pair.end()


def test_heartbeat_looks_at_all_others_when_one_fails(beat, caplog):
    """Checking one socket fails. The others are checked."""
    broken, healthy = Pair().start(), Pair().start()
    broken.connection.close_by = "soon"

    beat(broken, healthy)

    assert healthy.receive_frame() == (9, b"")
    assert "can't be checked" in caplog.text
    broken.connection.close_by = None
    broken.end()
    healthy.end()


def test_heartbeat_lets_others_run_amid_many_sockets(beat, monkeypatch):
    """Ten thousand sockets are checked in parts, and other threads run in between."""
    paused = threading.Event()
    monkeypatch.setattr(heartbeat, "CHECKS_AT_ONCE", 1)
    monkeypatch.setattr(heartbeat, "let_others_run", paused.set)
    pair = Pair().start()

    beat(pair, interval=100)

    assert paused.wait(DEADLINE)
    pair.end()
