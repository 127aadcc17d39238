"""The one that drains all outboxes."""

import json
import threading

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.writing.flusher import Flusher

from ..sockets import DEADLINE, Pair, frame


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
    """What is posted for one connection by turns with another arrives in the order of posting."""
    one, other, _ = (pair.connection.outbox for pair in pairs)
    both, alone = (one, other), (one,)

    for seq in range(1, 100, 2):
        pairs[0].flusher.post(frame(seq), both)
        pairs[0].flusher.post(frame(seq + 1), alone)

    assert seqs(pairs[0], 100) == list(range(1, 101))
    assert seqs(pairs[1], 50) == list(range(1, 100, 2))


def test_flusher_keeps_a_push_behind_what_waits(pairs):
    """A frame goes straight to the kernel only where nothing waits before it."""
    pair = pairs[0]
    large = frame(1, json.dumps("x" * 5_000_000))
    pair.flusher.post(large, (pair.connection.outbox,))
    pair.flusher.settle()
    pair.connection.reply('{"position": "e:2:"}')
    pair.flusher.post(frame(3), (pair.connection.outbox,))

    assert seqs(pair, 3) == [1, 2, 3]


def test_flusher_sends_a_reply_at_once_where_nothing_waits(pairs):
    """When it returns the kernel has it, without a turn of the flusher's own thread."""
    pair, heard = pairs[0], []
    pair.peer.setblocking(False)

    for number in range(500):
        pair.connection.reply(str(number))
        heard.append(pair.peer.recv(100)[2:])

    assert heard == [str(number).encode() for number in range(500)]


def test_flusher_sends_a_reply_behind_the_rest_of_one(pairs):
    """Of a reply that the kernel does not take whole, the rest comes before the next."""
    pair = pairs[0]
    large = json.dumps({"position": "e:1:", "body": "x" * 5_000_000})

    pair.connection.reply(large)
    pair.connection.reply('{"position": "e:2:"}')

    assert seqs(pair, 2) == [1, 2]


def test_flusher_ends_a_connection_whose_peer_is_gone_at_a_reply(pairs):
    """A reply to nobody ends its connection, and raises nothing."""
    gone = pairs[0]
    gone.peer.close()

    gone.connection.reply("anybody?")

    assert gone.receiver.is_closed.wait(DEADLINE)


def test_flusher_settles_when_all_that_was_posted_has_its_place(pairs):
    """After settling, a closed connection knows of every push that it has not got."""
    pair = pairs[0]
    pair.reached = {"room": Position("e", 7, "t7")}
    pair.connection.close(1012)
    pair.flusher.post(frame(6), (pair.connection.outbox,))
    pair.flusher.post(frame(7), (pair.connection.outbox,))

    pair.flusher.settle()

    assert pair.connection.final_sent() == {"room": Position("e", 5, "t5")}


def test_flusher_ends_a_broken_connection_and_goes_on(pairs):
    """A peer that is gone ends its own connection alone."""
    gone, *others = pairs
    gone.peer.close()
    receivers = tuple(pair.connection.outbox for pair in pairs)

    for seq in range(1, 11):
        pairs[0].flusher.post(frame(seq), receivers)

    assert gone.receiver.is_closed.wait(DEADLINE)
    assert [seqs(pair, 10) for pair in others] == [list(range(1, 11))] * 2


def test_flusher_takes_from_many_threads(pairs):
    """Replies and pushes that many threads send at once all arrive, whole."""
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
    """The numbers of the next *count* frames."""
    frames = [pair.receive_frame()[1] for _ in range(count)]
    return [int(json.loads(payload)["position"].split(":")[1]) for payload in frames]
