"""Published messages are delivered to the connections that listen."""

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
    """Every connection of a channel gets its messages in the order of the pushes."""
    one, two = board.put(Ear("d1")), board.put(Ear("d2"))

    for number in range(5):
        board.push(number)

    assert one.payloads == two.payloads == [0, 1, 2, 3, 4]


def test_delivery_shares_one_frame_among_all_listeners(board):
    """A message is encoded once for all listeners."""
    one, two = board.put(Ear("d1")), board.put(Ear("d2"))

    board.push("hi")

    assert one.frames[0] is two.frames[0]


def test_delivery_drops_a_repeat(board):
    """A message that arrives twice is delivered once."""
    ear = board.put(Ear())
    publication = board.log.append("once")

    board.delivery.deliver(publication)
    board.delivery.deliver(publication)

    assert ear.payloads == ["once"]
    assert not board.paused


def test_delivery_reads_the_log_where_a_message_is_missing(board):
    """A message is missing. The log is read, and the missing one is delivered before those that
    follow."""
    ear = board.put(Ear())
    board.push(1)
    board.log.append("missed on the way")

    board.push(3)
    heard_before = list(ear.payloads)
    board.channel_catch_up.run(board.paused, 5)
    board.push(4)

    assert heard_before == [1]
    assert board.paused == ["room"]
    assert ear.payloads == [1, "missed on the way", 3, 4]


def test_delivery_keeps_a_hole_of_one_channel_from_the_others(board):
    """While one channel waits for its log, the others continue."""
    other = Log("other")
    board.reader.logs["other"] = other
    ear = board.put(Ear())
    board.hub.invite(ear, {"other": other.tail})
    board.hub.enter(ear)
    board.channel_catch_up.run(["other"], 5)
    board.hub.step(ear, "other", other.tail)
    board.log.append("missed")
    board.push("behind the hole")

    board.delivery.deliver(other.append("elsewhere"))

    assert ear.payloads == ["elsewhere"]


def test_delivery_recognises_another_log_of_the_same_numbers(board):
    """A message with the next number, whose predecessor has another tag, belongs to another log and
    is not delivered as the next one."""
    ear = board.put(Ear())
    board.push(1)
    stranger = Log("room")
    stranger.append("another first")

    board.delivery.deliver(stranger.append("another second"))

    assert ear.payloads == [1]
    assert board.paused == ["room"]


def test_delivery_tells_its_listeners_what_is_lost(board):
    """The log does not reach back to a missing message. Every listener is told of the loss, and
    gets the messages that follow."""
    ear = board.put(Ear())
    board.log.append("trimmed")
    board.log.append("trimmed too")
    board.log.publications.clear()

    board.delivery.pause()
    board.channel_catch_up.run(["room"], 5)
    board.push("after")

    assert ear.payloads == ["LOST", "after"]
    assert str(board.log.publications[0].before).encode() in ear.frames[0].plain


def test_delivery_misses_nothing_that_comes_while_it_reads(board):
    """A message that arrives while the log is read is delivered once."""
    ear = board.put(Ear())
    board.log.append(1)
    board.delivery.pause()
    board.reader.after_read = lambda: board.push(2)
    board.channel_catch_up.run(["room"], 5)
    board.push(3)

    assert ear.payloads == [1, 2, 3]


def test_delivery_goes_live_however_fast_messages_come(board):
    """Messages arrive all the time. The log is read once, not again for each of them."""
    ear = board.put(Ear())
    board.delivery.pause()
    calls = board.reader.calls
    board.reader.after_read = lambda: [board.push(number) for number in range(100)]

    board.channel_catch_up.run(["room"], 5)
    board.push(100)

    assert ear.payloads == list(range(101))
    assert board.reader.calls == calls + 1


def test_delivery_reads_again_where_too_much_came_meanwhile(board, monkeypatch):
    """Too many messages arrive while the log is read. Those beyond the limit are dropped and read
    from the log."""
    monkeypatch.setattr("flask_realtime.hub.channel.RECENT_FRAMES", 3)
    ear = board.put(Ear())
    board.delivery.pause()
    bursts = iter([range(10), range(10, 12), ()])
    board.reader.after_read = lambda: [board.push(number) for number in next(bursts)]

    board.channel_catch_up.run(["room"], 5)

    assert ear.payloads == list(range(12))
    assert board.delivery.paused(["room"]) == []


def test_delivery_misses_nothing_while_two_ask_for_the_same_log(board):
    """Two threads read the same log. Messages that arrive meanwhile are not dropped."""
    ear = board.put(Ear())
    board.delivery.pause()

    def push_and_ask_too():
        board.push("meanwhile")
        with pytest.raises(RegistryUnavailable):
            board.channel_catch_up.run(["room"], patience=0)

    board.reader.after_read = push_and_ask_too
    board.channel_catch_up.run(["room"], 5)

    assert ear.payloads == ["meanwhile"]


def test_delivery_keeps_the_order_when_a_channel_is_paused_amid_a_delivery(board):
    """A channel is paused while a message is delivered. Later messages from the log follow that
    one."""
    ear = board.put(Ear())
    queue = ear.queue

    def pause_and_read():
        board.delivery.pause(["room"])
        board.channel_catch_up.run(["room"], 5)

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
    """A message has a number that was delivered before, but another tag. It is no repeat: Redis has
    lost the end of its log."""
    board.put(Ear())
    stranger = Log("room")
    for number in range(3):
        board.push(number)

    board.delivery.deliver(stranger.append("another first"))

    assert board.paused == ["room"]


def test_delivery_does_not_serve_a_position_of_another_log(board):
    """A position with the right number, but another epoch or tag, is not served from memory."""
    board.put(Ear("d1"))
    board.push(1)
    board.push(2)
    tail = board.log.tail

    assert board.delivery.covers("room", tail)
    assert not board.delivery.covers("room", Position(tail.epoch, 1, "ffff"))
    assert not board.delivery.covers("room", Position("e9", 2, tail.tag))


def test_delivery_pauses_nothing_where_nothing_is_named(board):
    """An empty list of channels pauses none, rather than all."""
    board.put(Ear())

    assert board.delivery.pause([]) == []
    assert board.delivery.paused(["room"]) == []
    assert board.delivery.pause(["elsewhere"]) == []
    assert board.delivery.pause() == ["room"]


def test_delivery_knows_whether_anybody_hears_a_channel(board):
    """A channel that is kept for later listeners counts as heard by nobody."""
    before = board.delivery.is_heard("room")
    ear = board.put(Ear())
    while_there = board.delivery.is_heard("room")
    board.hub.remove(ear)

    assert (before, while_there, board.delivery.is_heard("room")) == (False, True, False)
    assert board.delivery.names() == ["room"]


def test_delivery_lets_others_run_amid_much_work(board, monkeypatch):
    """Thousands of messages of a log are delivered in parts, and other threads run in between."""
    pauses = []
    monkeypatch.setattr("flask_realtime.hub.delivery.let_others_run", lambda: pauses.append(1))
    ear = board.put(Ear())
    for number in range(1000):
        board.log.append(number)
    board.delivery.pause()

    board.channel_catch_up.run(["room"], DEADLINE)

    assert ear.payloads == list(range(1000))
    assert len(pauses) == 5


def test_delivery_says_how_a_herd_spreads_itself(board):
    """A refresh tells its listeners over which time to spread their requests; a message has no such
    field."""
    ears = [board.put(Ear(digest)) for digest in ("d1", "d2", "d3")]

    board.push(True, Route("refresh"))
    board.push("hi")

    refresh, message = [json.loads(frame.plain[2:]) for frame in ears[0].frames]
    assert refresh["spread"] == 3000
    assert "spread" not in message
