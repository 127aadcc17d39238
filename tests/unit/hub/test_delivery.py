"""Delivers what is published to the connections that listen."""

import json
import threading

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.routes import Route
from tests.eventually import DEADLINE

from ..logs import Ear, Log
from .board import Board


@pytest.fixture
def board():
    return Board()


def test_delivery_delivers_to_each_listener_in_order(board):
    """Every connection of a channel hears its messages in the order they were pushed."""
    one, two = board.put(Ear("d1")), board.put(Ear("d2"))

    for number in range(5):
        board.push(number)

    assert one.payloads == two.payloads == [0, 1, 2, 3, 4]


def test_delivery_shares_one_frame_among_all_listeners(board):
    """A message is encoded once, however many hear it."""
    one, two = board.put(Ear("d1")), board.put(Ear("d2"))

    board.push("hi")

    assert one.frames[0] is two.frames[0]


def test_delivery_drops_a_repeat(board):
    """A message that comes twice is delivered once."""
    ear = board.put(Ear())
    publication = board.log.append("once")

    board.delivery.deliver(publication)
    board.delivery.deliver(publication)

    assert ear.payloads == ["once"]
    assert not board.paused


def test_delivery_reads_the_log_where_a_message_is_missing(board):
    """A hole is filled from the log before anything behind it is delivered."""
    ear = board.put(Ear())
    board.push(1)
    board.log.append("missed on the way")

    board.push(3)
    heard_before = list(ear.payloads)
    board.resync.run(board.paused, 5)
    board.push(4)

    assert heard_before == [1]
    assert board.paused == ["room"]
    assert ear.payloads == [1, "missed on the way", 3, 4]


def test_delivery_keeps_a_hole_of_one_channel_from_the_others(board):
    """A channel that stands still holds no other back."""
    other = Log("other")
    board.reader.logs["other"] = other
    ear = board.put(Ear())
    board.hub.invite(ear, {"other": other.tail})
    board.hub.enter(ear)
    board.resync.run(["other"], 5)
    board.hub.step(ear, "other", other.tail)
    board.log.append("missed")
    board.push("behind the hole")

    board.delivery.deliver(other.append("elsewhere"))

    assert ear.payloads == ["elsewhere"]


def test_delivery_recognises_another_log_of_the_same_numbers(board):
    """A message whose predecessor carries another tag is no successor, whatever its number."""
    ear = board.put(Ear())
    board.push(1)
    stranger = Log("room")
    stranger.append("another first")

    board.delivery.deliver(stranger.append("another second"))

    assert ear.payloads == [1]
    assert board.paused == ["room"]


def test_delivery_tells_its_listeners_what_is_lost(board):
    """Where the log no longer reaches back, every listener is told, and goes on from its tail."""
    ear = board.put(Ear())
    board.log.append("trimmed")
    board.log.append("trimmed too")
    board.log.publications.clear()

    board.delivery.pause()
    board.resync.run(["room"], 5)
    board.push("after")

    assert ear.payloads == ["LOST", "after"]
    assert str(board.log.publications[0].before).encode() in ear.frames[0].plain


def test_delivery_misses_nothing_that_comes_while_it_reads(board):
    """A message that arrives during the reading of the log is neither lost nor doubled."""
    ear = board.put(Ear())
    board.log.append(1)
    board.delivery.pause()
    board.reader.after_read = lambda: board.push(2)
    board.resync.run(["room"], 5)
    board.push(3)

    assert ear.payloads == [1, 2, 3]


def test_delivery_goes_live_however_fast_messages_come(board):
    """A channel that never rests is read once, and not again for each message meanwhile."""
    ear = board.put(Ear())
    board.delivery.pause()
    calls = board.reader.calls
    board.reader.after_read = lambda: [board.push(number) for number in range(100)]

    board.resync.run(["room"], 5)
    board.push(100)

    assert ear.payloads == list(range(101))
    assert board.reader.calls == calls + 1


def test_delivery_reads_again_where_too_much_came_meanwhile(board, monkeypatch):
    """What waits for the log is bounded; the log has the rest."""
    monkeypatch.setattr("flask_realtime.hub.channel.RECENT_FRAMES", 3)
    ear = board.put(Ear())
    board.delivery.pause()
    bursts = iter([range(10), range(10, 12), ()])
    board.reader.after_read = lambda: [board.push(number) for number in next(bursts)]

    board.resync.run(["room"], 5)

    assert ear.payloads == list(range(12))
    assert board.delivery.paused(["room"]) == []


def test_delivery_misses_nothing_while_two_ask_for_the_same_log(board):
    """One that comes while another reads the log makes it forget nothing of what came meanwhile."""
    ear = board.put(Ear())
    board.delivery.pause()

    def push_and_ask_too():
        board.push("meanwhile")
        with pytest.raises(RegistryUnavailable):
            board.resync.run(["room"], patience=0)

    board.reader.after_read = push_and_ask_too
    board.resync.run(["room"], 5)

    assert ear.payloads == ["meanwhile"]


def test_delivery_keeps_the_order_when_a_channel_is_paused_amid_a_delivery(board):
    """What the log has next is not sent before the message that is being sent."""
    ear = board.put(Ear())
    queue = ear.queue

    def pause_and_read():
        board.delivery.pause(["room"])
        board.resync.run(["room"], 5)

    def pause_before_sending(frames):
        ear.queue = queue
        board.log.append(2)
        threads.append(threading.Thread(target=pause_and_read, daemon=True))
        threads[0].start()
        threads[0].join(0.1)
        queue(frames)

    threads = []
    ear.queue = pause_before_sending
    board.push(1)
    threads[0].join(DEADLINE)

    assert ear.payloads == [1, 2]


def test_delivery_recognises_another_log_below_its_tail(board):
    """A message with a number that was delivered, and another tag, is no repeat: the log went
    back."""
    board.put(Ear())
    stranger = Log("room")
    for number in range(3):
        board.push(number)

    board.delivery.deliver(stranger.append("another first"))

    assert board.paused == ["room"]


def test_delivery_does_not_serve_a_position_of_another_log(board):
    """The number alone is no proof: epoch and tag must be those of the entry."""
    board.put(Ear("d1"))
    board.push(1)
    board.push(2)
    tail = board.log.tail

    assert board.delivery.covers("room", tail)
    assert not board.delivery.covers("room", Position(tail.epoch, 1, "ffff"))
    assert not board.delivery.covers("room", Position("e9", 2, tail.tag))


def test_delivery_pauses_nothing_where_nothing_is_named(board):
    """No channel is not every channel."""
    board.put(Ear())

    assert board.delivery.pause([]) == []
    assert board.delivery.paused(["room"]) == []
    assert board.delivery.pause(["elsewhere"]) == []
    assert board.delivery.pause() == ["room"]


def test_delivery_knows_whether_anybody_hears_a_channel(board):
    """A channel that waits for its next listener is heard by nobody."""
    before = board.delivery.is_heard("room")
    ear = board.put(Ear())
    while_there = board.delivery.is_heard("room")
    board.hub.remove(ear)

    assert (before, while_there, board.delivery.is_heard("room")) == (False, True, False)
    assert board.delivery.names() == ["room"]


def test_delivery_lets_others_run_amid_much_work(board, monkeypatch):
    """A log of thousands of messages is delivered in pieces; nobody waits for all of it."""
    pauses = []
    monkeypatch.setattr("flask_realtime.hub.delivery.let_others_run", lambda: pauses.append(1))
    ear = board.put(Ear())
    for number in range(1000):
        board.log.append(number)
    board.delivery.pause()

    board.resync.run(["room"], DEADLINE)

    assert ear.payloads == list(range(1000))
    assert len(pauses) == 5


def test_delivery_says_how_a_herd_spreads_itself(board):
    """A refresh tells its listeners over how long they shall spread their requests; a message does
    not, and costs no byte for it."""
    ears = [board.put(Ear(digest)) for digest in ("d1", "d2", "d3")]

    board.push(True, Route("refresh"))
    board.push("hi")

    refresh, message = [json.loads(frame.plain[2:]) for frame in ears[0].frames]
    assert refresh["spread"] == 3000
    assert "spread" not in message
