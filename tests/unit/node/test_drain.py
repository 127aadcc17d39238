"""All sockets close when the process stops."""

import threading
from types import SimpleNamespace

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.node.drain import Drain

from ...eventually import eventually
from ..sockets import DEADLINE, Pair, frame
from ..starvation import no_thread_to_be_had


@pytest.fixture
def pairs():
    pairs = [Pair().start() for _ in range(5)]
    yield pairs
    for pair in pairs:
        pair.end()


def drain(pairs, spread=0.0, patience=DEADLINE):
    return Drain(lambda: [pair.connection for pair in pairs], spread, patience)


def test_drain_tells_every_socket_to_come_back(pairs):
    """A process stops. Every socket closes with 1012, so that its client reconnects to another
    process."""
    drain(pairs).run()

    assert [pair.receive_close() for pair in pairs] == [1012] * 5


def test_drain_spreads_the_closing(pairs, clock, monkeypatch):
    """The sockets close over some time, so that clients do not all reconnect at the same moment."""
    told = []

    def sleep(seconds):
        told.append((clock.now, sum(pair.connection.is_retiring for pair in pairs)))
        clock.now += seconds

    monkeypatch.setattr("flask_realtime.node.drain.time", SimpleNamespace(sleep=sleep))
    began = clock.now

    drain(pairs).run(seconds=10)

    assert told[:4] == [(began, 1), (began + 2, 2), (began + 4, 3), (began + 6, 4)]
    assert [pair.receive_close() for pair in pairs] == [1012] * 5


def test_drain_answers_what_is_in_flight_first(pairs):
    """A message that is being handled is answered before its socket closes."""
    connection, gate = pairs[0].connection, threading.Event()
    connection.jobs.submit(lambda: (gate.wait(DEADLINE), connection.reply('"answered"')))
    draining = threading.Thread(target=drain(pairs).run)

    draining.start()
    others = [pair.receive_close() for pair in pairs[1:]]
    gate.set()
    answer, code = pairs[0].receive_frame()[1], pairs[0].receive_close()

    draining.join(DEADLINE)
    assert others == [1012] * 4
    assert (answer, code) == (b'"answered"', 1012)


def test_drain_does_not_wait_for_ever(pairs):
    """A handler does not end. Its socket closes when the server's patience is over."""
    gate = threading.Event()
    pairs[0].connection.jobs.submit(lambda: gate.wait(DEADLINE))

    drain(pairs, patience=0.2).run()

    assert [pair.receive_close() for pair in pairs] == [1012] * 5
    gate.set()


def test_drain_begins_when_the_server_stops(pairs):
    """The server's own stop signal starts the drain, without a call by the app."""
    stopping = threading.Event()
    watched = drain(pairs)
    for _ in range(2):
        watched.watch(stopping.is_set, DEADLINE)
    before = [pair.connection.is_open for pair in pairs]

    stopping.set()
    codes = [pair.receive_close() for pair in pairs]

    assert before == [True] * 5
    assert codes == [CloseCode.SERVICE_RESTART] * 5
    assert watched.is_draining


def test_drain_that_is_called_twice_returns_with_the_first(pairs):
    """A second call of the drain returns when the first one is done."""
    gate, over = threading.Event(), []
    pairs[0].connection.jobs.submit(lambda: gate.wait(DEADLINE))
    one = drain(pairs)
    first = threading.Thread(target=one.run)
    first.start()
    eventually(lambda: one.is_draining)
    second = threading.Thread(target=lambda: (one.run(), over.append(gate.is_set())))

    second.start()
    codes = [pair.receive_close() for pair in pairs[1:]]
    gate.set()
    second.join(DEADLINE)
    first.join(DEADLINE)

    assert codes == [1012] * 4
    assert over == [True]


@pytest.mark.parametrize("patience", [0.0, 0.3, 1.0, 2.0])
def test_drain_tells_all_within_a_short_patience(pairs, patience, clock, monkeypatch):
    """A server that waits for one second kills no socket without a close frame."""
    began = clock.now

    def pass_time(seconds):
        clock.now += seconds

    monkeypatch.setattr("time.sleep", pass_time)
    gate = threading.Event()
    pairs[0].connection.jobs.submit(lambda: gate.wait(DEADLINE))

    drain(pairs, spread=3.0, patience=patience).run()

    assert clock.now - began <= patience
    assert [pair.receive_close() for pair in pairs] == [1012] * 5
    gate.set()


def test_drain_goes_on_when_one_socket_cannot_be_told(pairs, caplog):
    """No thread can be started to close one socket. The others close, and that one closes later."""
    for pair in pairs:
        # The thread that writes was started before.
        pair.flusher.post(frame(1), ())
    with no_thread_to_be_had():
        drain(pairs, patience=1.0).run()

    assert [pair.receive_close() for pair in pairs] == [1012] * 5


def test_drain_that_is_closed_watches_no_more(pairs):
    """A closed node does not watch its server any more."""
    stopping, asked = threading.Event(), threading.Semaphore(0)
    watched = drain(pairs)
    watched.watch(lambda: asked.release() or stopping.is_set(), DEADLINE)
    assert asked.acquire(timeout=DEADLINE)

    watched.close()
    stopping.set()

    assert [pair.connection.is_open for pair in pairs] == [True] * 5
    assert not watched.is_draining
