"""One live WebSocket of this process."""

import json
import threading

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.protocol.positions import Position

from ..sockets import DEADLINE, Pair, frame


@pytest.fixture
def pair():
    pair = Pair().start()
    yield pair
    pair.end()


def test_connection_sends_frames_in_order(pair):
    """Frames arrive in the order in which they were sent."""
    for seq in range(1, 101):
        pair.push(frame(seq, str(seq)))

    payloads = [json.loads(pair.receive_frame()[1])["payload"] for _ in range(100)]

    assert payloads == list(range(1, 101))


def test_connection_closes_once_with_its_first_code(pair):
    """The first close sets the code; later ones change nothing."""
    pair.connection.close(CloseCode.SERVICE_RESTART, "come back")
    pair.connection.close(CloseCode.NORMAL)

    assert pair.receive_close() == 1012
    assert pair.connection.close_code == 1012
    assert pair.detached == 1


def test_connection_that_is_closed_before_it_lives_says_so_after_its_101():
    """The server stops between a handshake and its answer. The answer is a 101 followed by a close
    frame."""
    pair = Pair()

    pair.connection.close(CloseCode.SERVICE_RESTART)
    pair.start()

    assert pair.receive_close() == 1012
    pair.end()


def test_close_drops_the_messages_that_wait_for_their_handlers(pair):
    """A user is banned whose messages wait behind a slow one, and the peer answers no close frame.
    Only the message is handled that is under way."""
    gate, begun, handled = threading.Event(), threading.Event(), []

    def handle():
        begun.set()
        gate.wait(DEADLINE)

    pair.connection.jobs.submit(handle)
    pair.connection.jobs.submit(lambda: handled.append("as the banned user"))
    assert begun.wait(DEADLINE)
    pair.connection.close(CloseCode.SESSION_CHANGED)
    gate.set()

    assert pair.connection.jobs.wait_until_idle(DEADLINE)
    assert handled == []


def test_connection_sends_nothing_after_its_close_frame(pair):
    """The close frame is the last frame that a peer gets."""
    pair.connection.close(CloseCode.NORMAL)
    pair.push(frame(1))
    pair.connection.reply('{"id": 1}')

    assert pair.receive_close() == 1000
    pair.peer.close()
    assert pair.receiver.is_closed.wait(DEADLINE)


def test_connection_too_far_behind_is_closed_to_come_back():
    """A peer does not read. Its socket closes with 1013, and the sender never waits for it."""
    pair = Pair(max_backlog_bytes=10_000).start()
    seq = 0

    while pair.connection.is_open and seq < 10_000:
        seq += 1
        pair.push(frame(seq, json.dumps("x" * 5000)))

    assert pair.connection.close_code == CloseCode.TRY_AGAIN_LATER
    pair.end()


def test_connection_takes_one_message_larger_than_the_backlog():
    """The backlog counts what waits behind a message, so one large message reaches a slow
    reader."""
    pair = Pair(max_backlog_bytes=10_000).start()
    large = json.dumps("x" * 2_000_000)

    pair.push(frame(1, large))
    opcode, payload = pair.receive_frame()

    assert opcode == 1
    assert json.loads(payload)["payload"] == "x" * 2_000_000
    assert pair.connection.is_open
    pair.end()


def test_connection_knows_how_far_its_peer_has_been_sent():
    """A closed connection knows up to which position the kernel has taken the pushes, not up to
    which they were queued."""
    reached = {"room": Position("e", 400, "t400"), "hall": Position("e", 7, "t7")}
    pair = Pair(reached, max_backlog_bytes=50_000_000).start()
    for seq in range(1, 401):
        pair.push(frame(seq, json.dumps("x" * 5000)))
    pair.receive_frame()
    pair.connection.close(CloseCode.SERVICE_RESTART)
    pair.flusher.settle()

    sent = pair.connection.final_sent()

    assert sent["hall"] == reached["hall"]
    assert 0 < sent["room"].seq < 400
    assert sent["room"].tag == f"t{sent['room'].seq}"
    received = 1
    while pair.receive_frame()[0] == 1:
        received += 1
    # The message that was partly written at the close is completed, and may be sent again.
    assert sent["room"].seq in (received, received - 1)
    pair.end()


def test_connection_takes_back_what_met_its_close():
    """A push that is posted during the close counts as not sent."""
    pair = Pair({"room": Position("e", 2, "t2")})
    pair.during_detach = lambda: pair.push(frame(2))
    pair.start()

    pair.connection.close(CloseCode.SERVICE_RESTART)
    pair.flusher.settle()

    assert pair.connection.final_sent() == {"room": Position("e", 1, "t1")}
    pair.end()


@pytest.mark.parametrize("way", ["push", "queue"])
def test_connection_takes_back_what_came_behind_its_close(way):
    """So does a push that was being appended to the outbox when its waiting frames were looked
    through."""
    pair = Pair({"room": Position("e", 1, "t1")}).start()
    pair.connection.close(CloseCode.SERVICE_RESTART)

    if way == "push":
        pair.push(frame(1))
        pair.flusher.settle()
    else:
        pair.connection.queue([frame(1)])

    assert pair.connection.final_sent() == {"room": Position("e", 0, "t0")}
    pair.end()


def test_connection_feeds_pages_without_counting_them_as_backlog():
    """A resume with more data than the backlog's limit does not close the socket."""
    pair = Pair(max_backlog_bytes=1000).start()
    frames = [frame(seq, json.dumps("x" * 5000)) for seq in range(1, 301)]
    pair.connection.queue(frames)
    feeding = threading.Thread(target=pair.connection.wait_until_taken, daemon=True)

    feeding.start()
    pair.push(frame(301))
    seqs = [json.loads(pair.receive_frame()[1])["position"].split(":")[1] for _ in range(301)]

    feeding.join(DEADLINE)
    assert sorted(map(int, seqs)) == list(range(1, 302))
    assert pair.connection.is_open
    pair.end()


def test_connection_ends_once_when_its_peer_is_gone(pair):
    """The peer disconnects without a close frame. The connection ends once and leaves nothing."""
    pair.peer.close()

    assert pair.receiver.is_closed.wait(DEADLINE)
    pair.connection.cut()
    pair.connection.close(CloseCode.NORMAL)
    assert pair.receiver.times_closed == 1
    assert pair.detached == 1
    assert pair.connection.close_code == CloseCode.ABNORMAL


def test_connection_closes_with_1011_for_a_bug_of_ours(caplog):
    """Reading raises an unexpected error. The socket closes with 1011, and the error is logged."""
    pair = Pair()

    def fail():
        raise ZeroDivisionError

    pair._read = fail
    pair.start()

    assert pair.receive_close() == 1011
    assert "ZeroDivisionError" in caplog.text
    pair.end()


def test_connection_whose_end_is_cut_off_gives_its_place_back(monkeypatch, caplog):
    """The app started a gevent.Timeout at the handshake and did not end it, and the timeout
    interrupts the end of the connection. The connection's place is free all the same."""
    pair = Pair().start()

    def cut_off(outbox, seconds):
        raise SystemExit

    monkeypatch.setattr(type(pair.connection.outbox), "wait_until_empty", cut_off)
    pair.end()

    assert pair.receiver.times_closed == 1
    assert "SystemExit" in caplog.text


@pytest.mark.parametrize("end", ["close", "cut"])
def test_what_a_close_drops_does_not_count_as_sent(end):
    """A slow client's socket closes while its positions are being read. Dropped pushes do not count
    as sent."""
    reached = {"room": Position("e", 2, "t2")}
    pair = Pair(reached=reached).start()
    pair.push(frame(1, '"' + "x" * 2_000_000 + '"', "large"))
    pair.push(frame(2))
    pair.flusher.settle()

    if end == "close":
        pair.connection.close(CloseCode.TRY_AGAIN_LATER, "too slow")
    else:
        pair.connection.cut()
    pair.flusher.settle()

    assert pair.connection.sent(reached)["room"].seq == 1
    pair.end()


def test_what_the_kernel_refused_does_not_count_as_sent():
    """The peer has reset the connection before our next frame, which does not count as sent."""
    pair = Pair(reached={"room": Position("e", 2, "t2")}).start()
    pair.push(frame(1))
    pair.flusher.settle()

    def refuse(data, flags):
        raise BrokenPipeError

    with pair.flusher.lock:
        pair.connection.outbox.send_now = refuse
    pair.push(frame(2))
    pair.flusher.settle()

    pair.end()
    assert pair.connection.final_sent()["room"].seq == 1
