"""The flusher, which writes the frames of all outboxes."""

import json
import threading

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.writing import frames
from flask_realtime.writing.flusher import Flusher

from ...eventually import eventually
from ...leftovers import threads_of_ours
from ..sockets import DEADLINE, Pair, frame
from ..starvation import no_thread_to_be_had
from .lines import Line


@pytest.fixture
def pairs():
    """Three connections that share a flusher."""
    flusher = Flusher()
    pairs = [Pair(flusher=flusher).start() for _ in range(3)]
    yield pairs
    for pair in pairs:
        pair.end()


def test_flusher_writes_what_is_posted_to_all(pairs):
    """A frame posted once reaches every receiver."""
    receivers = tuple(pair.connection.outbox for pair in pairs)

    for seq in range(1, 51):
        pairs[0].flusher.post(frame(seq), receivers)

    for pair in pairs:
        assert seqs(pair, 50) == list(range(1, 51))


def test_flusher_keeps_the_order_among_channels(pairs):
    """Frames of two channels for one connection arrive in the order of posting."""
    one, other, _ = (pair.connection.outbox for pair in pairs)
    both, alone = (one, other), (one,)

    for seq in range(1, 100, 2):
        pairs[0].flusher.post(frame(seq), both)
        pairs[0].flusher.post(frame(seq + 1), alone)

    assert seqs(pairs[0], 100) == list(range(1, 101))
    assert seqs(pairs[1], 50) == list(range(1, 100, 2))


def test_flusher_keeps_a_push_behind_what_waits(pairs):
    """A frame is written directly only if nothing waits before it."""
    pair = pairs[0]
    large = frame(1, json.dumps("x" * 5_000_000))
    pair.flusher.post(large, (pair.connection.outbox,))
    pair.flusher.settle()
    pair.connection.reply('{"position": "e:2:"}')
    pair.flusher.post(frame(3), (pair.connection.outbox,))

    assert seqs(pair, 3) == [1, 2, 3]


def test_flusher_sends_a_reply_at_once_where_nothing_waits(pairs):
    """If nothing waits, the caller's thread writes the reply itself."""
    pair, heard = pairs[0], []
    pair.peer.setblocking(False)

    for number in range(500):
        pair.connection.reply(str(number))
        heard.append(pair.peer.recv(100)[2:])

    assert heard == [str(number).encode() for number in range(500)]


def test_flusher_sends_a_reply_behind_the_rest_of_one(pairs):
    """The kernel takes only a part of a reply. The rest is sent before the next reply."""
    pair = pairs[0]
    large = json.dumps({"position": "e:1:", "body": "x" * 5_000_000})

    pair.connection.reply(large)
    pair.connection.reply('{"position": "e:2:"}')

    assert seqs(pair, 2) == [1, 2]


def test_flusher_ends_a_connection_whose_peer_is_gone_at_a_reply(pairs):
    """A reply to a peer that is gone ends its connection without an error."""
    gone = pairs[0]
    gone.peer.close()

    gone.connection.reply("anybody?")

    assert gone.receiver.is_closed.wait(DEADLINE)


def test_flusher_settles_when_all_that_was_posted_has_its_place(pairs):
    """After settle() a closed connection knows every push that it has not received."""
    pair = pairs[0]
    pair.reached = {"room": Position("e", 7, "t7")}
    pair.connection.close(1012)
    pair.flusher.post(frame(6), (pair.connection.outbox,))
    pair.flusher.post(frame(7), (pair.connection.outbox,))

    pair.flusher.settle()

    assert pair.connection.final_sent() == {"room": Position("e", 5, "t5")}


def test_flusher_ends_a_broken_connection_and_goes_on(pairs):
    """A peer is gone, which ends only its own connection."""
    gone, *others = pairs
    gone.peer.close()
    receivers = tuple(pair.connection.outbox for pair in pairs)

    for seq in range(1, 11):
        pairs[0].flusher.post(frame(seq), receivers)

    assert gone.receiver.is_closed.wait(DEADLINE)
    assert [seqs(pair, 10) for pair in others] == [list(range(1, 11))] * 2


def test_flusher_takes_from_many_threads(pairs):
    """Many threads send replies and pushes at once. All arrive whole."""
    pair = pairs[0]

    def post():
        for _ in range(200):
            pair.flusher.post(frame(0), (pair.connection.outbox,))
            pair.connection.reply('{"position": "e:1:"}')

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    found = seqs(pair, 1600)
    for thread in threads:
        thread.join(DEADLINE)

    assert (found.count(0), found.count(1)) == (800, 800)


def seqs(pair, count):
    """Return the numbers of the next *count* frames."""
    frames = [pair.receive_frame()[1] for _ in range(count)]
    return [int(json.loads(payload)["position"].split(":")[1]) for payload in frames]


@pytest.fixture
def lines():
    """A flusher, and a function that makes a line of that flusher."""
    flusher, made = Flusher(), []

    def make(count, **options):
        made.extend(Line(lock=flusher.lock, **options) for _ in range(count))
        return made[-count:]

    yield flusher, make

    for line in made:
        line.close()


def fail():
    raise ZeroDivisionError("in an owner's callback")


@pytest.mark.parametrize("way", ["written through", "put into outboxes"])
def test_flusher_serves_all_others_when_an_owner_fails(lines, monkeypatch, caplog, way):
    """One socket's callback raises. The sockets after it lose no message."""
    monkeypatch.setattr("flask_realtime.writing.flusher.FLUSHES_AT_A_STRETCH", 1)
    monkeypatch.setattr("flask_realtime.writing.flusher.FLUSHES_AT_ONCE", 1)
    monkeypatch.setattr("flask_realtime.writing.flusher.PUTS_AT_ONCE", 1)
    flusher, make = lines
    broken, *healthy = make(1, when_told=fail) + make(9)
    broken.peer.close()
    receivers = tuple(line.outbox for line in (broken, *healthy))
    if way == "put into outboxes":
        # The same receivers in another tuple: both frames are posted before the flusher's turn.
        with flusher.lock:
            flusher.post(frame(1), receivers)
            flusher.post(frame(2), tuple(receivers))
            flusher.post(frame(2), (receivers[0], *receivers[1:]))
    else:
        flusher.post(frame(1), receivers)

    flusher.settle()
    flusher.post(frame(9), receivers)
    flusher.settle()

    assert broken.is_told.wait(DEADLINE)
    for line in healthy:
        eventually(lambda line=line: line.read().endswith(frame(9).plain))
    assert "in an owner's callback" in caplog.text


def test_flusher_serves_all_others_when_one_overflows_and_its_owner_fails(lines, caplog):
    """An owner's callback for a too large backlog raises. The others are served."""
    flusher, make = lines
    broken, *healthy = make(1, when_told=fail, limit=10) + make(9)
    receivers = tuple(line.outbox for line in (broken, *healthy))
    broken.fill()
    for seq in range(1, 5):
        flusher.post(frame(seq), receivers)
        flusher.settle()

    assert broken.is_told.wait(DEADLINE)
    for line in healthy:
        expected = b"".join(frame(seq).plain for seq in range(1, 5))
        assert line.receive(len(expected)) == expected


def test_flusher_ends_a_full_socket_that_nobody_can_watch(lines):
    """No thread can be started to watch a full socket, so it is closed, and its client
    reconnects."""
    flusher, make = lines
    (full,) = make(1)
    flusher.settle()
    full.fill()

    with no_thread_to_be_had():
        flusher.send(full.outbox, b"reply")

    assert full.told == ["cut"]


def test_flusher_holds_no_lock_while_it_deflates(lines, monkeypatch):
    """While a large message is deflated, replies of other sockets are sent."""
    flusher, make = lines
    deflating, others = make(2, deflates=True, limit=10_000_000)
    during = []
    pause = frames.let_others_run

    def look():
        if flusher.lock.acquire(timeout=DEADLINE):
            during.append(1)
            flusher.lock.release()
        pause()

    monkeypatch.setattr(frames, "let_others_run", look)
    deflating.fill()
    text = json.dumps(list(range(100_000)))

    for seq in (1, 2):
        # The second frame follows in a full outbox, whose backlog is counted while it is deflated.
        flusher.post(frame(seq, text), (deflating.outbox, others.outbox))
        flusher.settle()

    assert len(during) >= 2 * (len(text) // frames.PIECE_BYTES)


def test_flusher_ends_a_socket_for_a_burst_that_its_peer_does_not_take(lines):
    """A burst exceeds the backlog, and nothing follows that would reveal it. The socket is closed
    all the same."""
    flusher, make = lines
    line, other = make(2, limit=1000)
    line.fill()
    with flusher.lock:
        flusher.post(frame(0), (other.outbox,))
        eventually(lambda: not flusher._jobs)
        # The flusher's thread has begun a turn, and handles these together in its next turn.
        for seq in range(10):
            flusher.post(frame(seq, json.dumps("x" * 500)), (line.outbox,))

    assert line.is_told.wait(DEADLINE)
    assert "REALTIME_MAX_BACKLOG_BYTES" in line.told[0]
    flusher.close()


def test_flusher_that_is_closed_ends_its_threads():
    """Closing ends the thread that writes and the one that watches full sockets; nothing more is
    written."""
    before = threads_of_ours()
    flusher, line = Flusher(), Line()
    line.fill()
    flusher.post(frame(1), (line.outbox,))
    flusher.settle()
    eventually(lambda: {"realtime-poller"} & {one.name for one in threads_of_ours() - before})

    flusher.close()
    flusher.post(frame(2), (line.outbox,))
    flusher.settle()
    flusher.forget(line.outbox)

    assert threads_of_ours() - before == set()
    line.close()


def test_flusher_that_never_wrote_starts_nothing_once_it_is_closed():
    """A closed flusher starts no thread for a late frame."""
    before = threads_of_ours()
    flusher = Flusher()
    flusher.close()

    flusher.post(frame(1), ())
    flusher.settle()

    assert threads_of_ours() - before == set()
