"""The process's switchboard."""

import json
import threading

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.hub import Hub
from flask_realtime.hub.resync import Resync
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.publications import NOWHERE, Publication
from flask_realtime.protocol.routes import TO_ALL, Route
from tests.eventually import DEADLINE

from ..logs import Ear, Log, Reader, post


class Board:
    """A hub over one log, and what it asks for."""

    def __init__(self):
        self.log = Log("room")
        self.reader = Reader(self.log)
        self.listened, self.ignored, self.paused = [], [], []
        self.delivery = Delivery(self.paused.extend, post)
        self.hub = Hub(self.delivery, self.ignored.extend)
        self.resync = Resync(self.delivery, self.listened.extend, self.reader)

    def put(self, ear, at=None):
        """Bring a connection onto the channel, live."""
        self.hub.add(ear)
        self.hub.invite(ear, {"room": at or self.log.tail})
        self.hub.enter(ear)
        self.resync.run(["room"], 5)
        assert self.hub.step(ear, "room", at or self.log.tail) == []
        return ear

    def push(self, payload, route=TO_ALL):
        self.delivery.deliver(self.log.append(payload, route))


@pytest.fixture
def board():
    return Board()


def test_hub_delivers_to_each_listener_in_order(board):
    """Every connection of a channel hears its messages in the order they were pushed."""
    one, two = board.put(Ear("d1")), board.put(Ear("d2"))

    for number in range(5):
        board.push(number)

    assert one.payloads == two.payloads == [0, 1, 2, 3, 4]


def test_hub_shares_one_frame_among_all_listeners(board):
    """A message is encoded once, however many hear it."""
    one, two = board.put(Ear("d1")), board.put(Ear("d2"))

    board.push("hi")

    assert one.frames[0] is two.frames[0]


def test_hub_delivers_an_addressed_message_to_its_client_alone(board):
    """What is pushed to one client is heard by all of its connections and by no other."""
    first, second, other = (board.put(Ear(digest)) for digest in ("d1", "d1", "d2"))

    board.push("for you", route=Route(to="d1"))
    board.push("for all")

    assert first.payloads == second.payloads == ["for you", "for all"]
    assert other.payloads == ["for all"]


def test_hub_delivers_to_all_but_the_client_that_is_left_out(board):
    """The page that caused a change does not hear of it; its numbers go on all the same."""
    author, other = board.put(Ear("d1")), board.put(Ear("d2"))

    board.push("for others", route=Route(but_for="d1"))
    board.push("for all")

    assert author.payloads == ["for all"]
    assert other.payloads == ["for others", "for all"]


def test_hub_drops_a_repeat(board):
    """A message that comes twice is delivered once."""
    ear = board.put(Ear())
    publication = board.log.append("once")

    board.delivery.deliver(publication)
    board.delivery.deliver(publication)

    assert ear.payloads == ["once"]
    assert not board.paused


def test_hub_reads_the_log_where_a_message_is_missing(board):
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


def test_hub_keeps_a_hole_of_one_channel_from_the_others(board):
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


def test_hub_recognises_another_log_of_the_same_numbers(board):
    """A message whose predecessor carries another tag is no successor, whatever its number."""
    ear = board.put(Ear())
    board.push(1)
    stranger = Log("room")
    stranger.append("another first")

    board.delivery.deliver(stranger.append("another second"))

    assert ear.payloads == [1]
    assert board.paused == ["room"]


def test_hub_tells_its_listeners_what_is_lost(board):
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


def test_hub_misses_nothing_that_comes_while_it_reads(board):
    """A message that arrives during the reading of the log is neither lost nor doubled."""
    ear = board.put(Ear())
    board.log.append(1)
    board.delivery.pause()
    board.reader.after_read = lambda: board.push(2)
    board.resync.run(["room"], 5)
    board.push(3)

    assert ear.payloads == [1, 2, 3]


def test_hub_goes_live_however_fast_messages_come(board):
    """A channel that never rests is read once, and not again for each message meanwhile."""
    ear = board.put(Ear())
    board.delivery.pause()
    calls = board.reader.calls
    board.reader.after_read = lambda: [board.push(number) for number in range(100)]

    board.resync.run(["room"], 5)
    board.push(100)

    assert ear.payloads == list(range(101))
    assert board.reader.calls == calls + 1


def test_hub_reads_again_where_too_much_came_meanwhile(board, monkeypatch):
    """What waits for the log is bounded; the log has the rest."""
    monkeypatch.setattr("flask_realtime.hub.channel.RECENT_FRAMES", 3)
    ear = board.put(Ear())
    board.delivery.pause()
    bursts = iter([range(10), range(10, 12), ()])
    board.reader.after_read = lambda: [board.push(number) for number in next(bursts)]

    board.resync.run(["room"], 5)

    assert ear.payloads == list(range(12))
    assert board.delivery.paused(["room"]) == []


def test_hub_misses_nothing_while_two_ask_for_the_same_log(board):
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


def test_hub_keeps_the_order_when_a_channel_is_paused_amid_a_delivery(board):
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


def test_hub_recognises_another_log_below_its_tail(board):
    """A message with a number that was delivered, and another tag, is no repeat: the log went
    back."""
    board.put(Ear())
    stranger = Log("room")
    for number in range(3):
        board.push(number)

    board.delivery.deliver(stranger.append("another first"))

    assert board.paused == ["room"]


def test_hub_says_nothing_to_one_that_has_left(board):
    """Who is off a channel, or removed, hears nothing more of it."""
    left, removed, stays = (board.put(Ear(digest)) for digest in ("d1", "d2", "d3"))
    board.push("first")

    board.hub.leave(left, ["room"])
    reached = board.hub.remove(removed)
    board.push("second")

    assert left.payloads == removed.payloads == ["first"]
    assert stays.payloads == ["first", "second"]
    assert reached == {"room": board.log.publications[0].position}


def test_hub_forgets_a_channel_that_nobody_hears(board, monkeypatch):
    """A channel without listeners is listened to no more, after a while."""
    monkeypatch.setattr("flask_realtime.hub.hub.IDLE_SECONDS", -1)
    ear = board.put(Ear())
    board.hub.sweep()
    heard = list(board.delivery.names())

    board.hub.remove(ear)
    board.hub.sweep()

    assert heard == ["room"]
    assert board.ignored == ["room"]
    assert board.delivery.names() == []


def test_hub_finds_connections_by_client_by_session_and_by_user(board):
    """A client's connections, and all of a session's or a user's, can be found to be closed."""
    first, second = "1" * 32, "2" * 32
    one, two = Ear("a" * 32 + first, "42"), Ear("b" * 32 + first)
    other = Ear("a" * 32 + second, "42")
    for ear in (one, two, other):
        board.hub.add(ear)

    assert board.hub.connections("a" * 32 + first) == [one]
    assert board.hub.connections(session=first) == [one, two]
    assert board.hub.connections(user="42") == [one, other]
    assert len(board.hub.connections()) == 3


def test_hub_removes_a_connection_twice_without_harm(board):
    """Removal may come from two sides, and takes nothing from another of the same client."""
    first, second = board.put(Ear("d1")), board.put(Ear("d1"))

    board.hub.remove(first)
    again = board.hub.remove(first)
    board.push("still here")

    assert again == {}
    assert second.payloads == ["still here"]


def test_hub_serves_the_last_messages_without_the_registry(board):
    """One who comes back to a channel that is heard here costs no read of its log."""
    board.put(Ear("d1"))
    start = board.log.tail
    for number in range(3):
        board.push(number)

    frames = None
    late = Ear("d2")
    board.hub.add(late)
    board.hub.invite(late, {"room": start})
    board.hub.enter(late)
    calls = board.reader.calls
    frames = board.hub.step(late, "room", start)

    assert [frame.publication.position.seq for frame in frames] == [1, 2, 3]
    assert board.reader.calls == calls


def test_hub_does_not_serve_a_position_of_another_log(board):
    """The number alone is no proof: epoch and tag must be those of the entry."""
    board.put(Ear("d1"))
    board.push(1)
    board.push(2)
    tail = board.log.tail

    assert board.delivery.covers("room", tail)
    assert not board.delivery.covers("room", Position(tail.epoch, 1, "ffff"))
    assert not board.delivery.covers("room", Position("e9", 2, tail.tag))


def test_hub_lets_one_that_comes_back_begin_where_it_left_if_the_log_went_back(board):
    """There its read finds that something is lost; numbers that it has seen would look like
    repeats to its page, which drops them in silence."""
    ear = board.put(Ear("d1"))
    snapshot = board.log.tail
    board.push(1)
    left = board.log.tail
    board.hub.leave(ear, ["room"])
    again = Position(left.epoch, left.seq, "ffff")

    for start in (snapshot, again):
        board.hub.invite(ear, {"room": start})
        assert board.hub.enter(ear) == {"room": left}
        board.hub.leave(ear, ["room"])


def test_hub_lets_one_that_comes_back_begin_at_its_subscription(board):
    """It hears nothing of what was pushed while it had left; nor of a log that it never saw."""
    ear = board.put(Ear("d1"))
    board.push(1)
    board.hub.leave(ear, ["room"])
    board.push(2)

    for start in (board.log.tail, Position("e2", 0, "")):
        board.hub.invite(ear, {"room": start})
        assert board.hub.enter(ear) == {"room": start}
        board.hub.leave(ear, ["room"])


def test_hub_passes_on_what_stands_in_no_log(board):
    """Those who are there hear it at once, those who are behind do not, and nobody misses it."""
    quick, slow = board.put(Ear("d1")), board.put(Ear("d2"))
    slow.has_backlog = True
    passing = Publication("room", NOWHERE, "", '"writing"')

    board.delivery.deliver(passing)
    board.push("hi")

    assert [json.loads(frame.plain[2:])["payload"] for frame in quick.frames] == ["writing", "hi"]
    assert "position" not in json.loads(quick.frames[0].plain[2:])
    assert slow.payloads == ["hi"]


def test_hub_passes_on_what_stands_in_no_log_to_whom_it_concerns(board):
    """The page that whispers does not hear itself."""
    author, other = board.put(Ear("d1")), board.put(Ear("d2"))

    board.delivery.deliver(Publication("room", NOWHERE, "", "1", Route(but_for="d1")))

    assert (len(author.frames), len(other.frames)) == (0, 1)
