"""Pages of a log are sent to one connection that resumes."""

import weakref
from dataclasses import replace

import pytest

from flask_realtime.hub import channels, connection_catch_up
from flask_realtime.hub.channel_catch_up import ChannelCatchUp
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.connection_catch_up import ConnectionCatchUp
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.hub import Hub
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.routes import Route

from ..logs import Ear, Log, Reader, post


class Shore:
    """A hub over two logs, to which a connection resumes."""

    def __init__(self, count=None):
        self.room, self.hall = Log("room"), Log("hall")
        self.reader = Reader(self.room, self.hall, count=count)
        channels = Channels()
        self.delivery = Delivery(channels, lambda names: None, post)
        self.hub = Hub(channels, lambda names: None)
        self.channel_catch_up = ChannelCatchUp(self.delivery, lambda names: None, self.reader)
        self.catch_up = ConnectionCatchUp(
            self.hub, self.delivery, self.channel_catch_up, self.reader
        )

    def come(self, starts, digest="d1", report=None):
        ear = Ear(digest)
        if report is not None:
            self.catch_up_of(ear, starts, lambda lost, begins: report(lost, list(ear.payloads)))
            return ear
        self.catch_up_of(ear, starts)
        return ear

    def catch_up_of(self, ear, starts, report=None):
        self.hub.add(ear)
        self.hub.invite(ear, starts)
        self.catch_up.run(ear, report)


@pytest.fixture
def shore():
    return Shore()


def test_connection_catch_up_sends_what_came_since_and_then_goes_on_live(shore):
    """A connection resumes. It gets all messages after its position in order, and then new
    pushes."""
    start = shore.room.tail
    shore.room.append(1)
    shore.room.append(2)

    ear = shore.come({"room": start})
    shore.delivery.deliver(shore.room.append(3))

    assert ear.payloads == [1, 2, 3]


def test_connection_catch_up_reads_page_after_page():
    """A log longer than a page is read to its end."""
    shore = Shore(count=2)
    start = shore.room.tail
    for number in range(7):
        shore.room.append(number)

    ear = shore.come({"room": start})

    assert ear.payloads == list(range(7))


def test_connection_catch_up_reports_what_is_lost_before_it_sends_anything(shore):
    """The reply to a resume, which names the channels with a loss, is sent before their
    messages."""
    shore.room.append("gone")
    hall = shore.hall.tail
    shore.hall.append("there")
    reports = []

    ear = shore.come(
        {"room": Position("old", 3, "ff"), "hall": hall},
        report=lambda lost, heard: reports.append((lost, heard)),
    )

    assert reports == [(["room"], [])]
    assert sorted(map(str, ear.payloads)) == ["LOST", "there"]


def test_connection_catch_up_after_a_loss_goes_on_from_the_tail(shore):
    """After a loss the connection gets the messages that follow."""
    shore.room.append("gone")

    ear = shore.come({"room": Position("old", 3, "ff")})
    shore.delivery.deliver(shore.room.append("next"))

    assert ear.payloads == ["LOST", "next"]


def test_connection_catch_up_sends_an_addressed_message_to_its_client_alone(shore):
    """A push to one client while it was away reaches that client only."""
    start = shore.room.tail
    shore.room.append("for d1", route=Route(to="d1"))
    shore.room.append("for all")

    addressee, other = shore.come({"room": start}), shore.come({"room": start}, "d2")

    assert addressee.payloads == ["for d1", "for all"]
    assert other.payloads == ["for all"]


def test_connection_catch_up_leaves_out_the_client_that_is_left_out(shore):
    """A page that resumes does not get the changes that it has caused itself."""
    start = shore.room.tail
    shore.room.append("for others", route=Route(but_for="d1"))
    shore.room.append("for all")

    author, other = shore.come({"room": start}), shore.come({"room": start}, "d2")

    assert author.payloads == ["for all"]
    assert other.payloads == ["for others", "for all"]


def test_connection_catch_up_of_many_costs_one_read(shore):
    """Thousands of connections resume at once, and get their messages from this process's own
    memory."""
    start = shore.room.tail
    for number in range(10):
        shore.room.append(number)
    shore.come({"room": start}, "first")
    shore.delivery.deliver(shore.room.append(10))
    calls = shore.reader.calls

    ears = [shore.come({"room": shore.room.publications[9].position}, f"d{n}") for n in range(50)]

    assert all(ear.payloads == [10] for ear in ears)
    assert shore.reader.calls == calls


def test_connection_catch_up_doubles_nothing_that_the_log_has_and_the_hub_not_yet(shore):
    """A message is in the log, but its announcement has not arrived yet. It is delivered once."""
    shore.come({"room": shore.room.tail}, "listener")
    start = shore.room.tail
    on_its_way = shore.room.append("on its way")

    ear = shore.come({"room": start})
    shore.delivery.deliver(on_its_way)
    shore.delivery.deliver(shore.room.append("next"))

    assert ear.payloads == ["on its way", "next"]


def test_connection_catch_up_leaves_a_connection_that_has_gone(shore):
    """A connection closes while it resumes. No further page is read for it."""
    start = shore.room.tail
    shore.room.append(1)
    ear = Ear()
    ear.is_receptive = False

    shore.catch_up_of(ear, {"room": start})

    assert ear.payloads == []


@pytest.mark.parametrize("recent", [True, False], ids=["from the process", "from the log"])
def test_connection_catch_up_counts_what_it_is_sending(shore, recent):
    """A client receives one page and disconnects. It does not get these messages again."""
    start = shore.room.tail
    if recent:
        shore.come({"room": start}, "listener")
    for number in range(3):
        publication = shore.room.append(number)
        if recent:
            shore.delivery.deliver(publication)
    ear, reached = Ear(), []
    ear.queue = lambda frames: reached.append(shore.hub.reached(ear))

    shore.catch_up_of(ear, {"room": start})

    assert reached == [{"room": shore.room.tail}]


def test_connection_catch_up_is_done_where_a_live_channel_has_no_more(shore):
    """A connection is at the tail of a channel that this process follows. It does not wait for a
    read."""
    start = shore.room.tail

    unheard = shore.catch_up.is_done({"room": start})
    shore.come({"room": start})
    heard = shore.catch_up.is_done({"room": start})
    shore.delivery.deliver(shore.room.append(1))
    behind = shore.catch_up.is_done({"room": start})
    shore.delivery.pause(["room"])
    paused = shore.catch_up.is_done({"room": shore.room.tail})

    assert (unheard, heard, behind, paused) == (False, True, False, False)


class Leaver(Ear):
    """A connection that is removed from the channel while it receives its first frames."""

    def wait_until_taken(self):
        self.hub.leave(self, ["room"])


def test_connection_that_is_put_out_is_sent_no_more_of_the_page_that_was_read(shore, monkeypatch):
    """A slow connection is removed from the channel while it receives a page of the log. It gets no
    more of the page; if it is subscribed again, it gets the rest once."""
    monkeypatch.setattr(connection_catch_up, "FRAMES_AT_ONCE", 2)
    # As where so many come back that this process keeps no older messages for all of them.
    monkeypatch.setattr(channels, "MOST_EXTENDED_BYTES", 0)
    start = shore.room.tail
    for number in range(6):
        shore.room.append(number)
    leaver = Leaver()
    leaver.hub = shore.hub

    shore.catch_up_of(leaver, {"room": start})
    assert leaver.payloads == [0, 1]
    leaver.wait_until_taken = lambda: None
    shore.hub.invite(leaver, {"room": start})
    shore.catch_up.run(leaver)

    assert leaver.payloads == list(range(6))


class Text(str):
    """A message of which one can tell whether anybody still holds it."""


class Copies:
    """Reads pages as Redis does: each page has texts of its own."""

    def __init__(self, reader):
        self.reader = reader
        self.texts = []

    def __call__(self, cursors, max_bytes):
        return {
            name: replace(page, publications=tuple(map(self.copy, page.publications)))
            for name, page in self.reader(cursors, max_bytes).items()
        }

    def copy(self, publication):
        text = Text(publication.payload)
        self.texts.append(weakref.ref(text))
        return replace(publication, payload=text)


@pytest.mark.parametrize("size", [10, 300_000], ids=["many in a page", "larger than a page"])
def test_connection_that_reads_nothing_holds_what_it_has_missed_once(shore, monkeypatch, size):
    """A peer reads nothing while it is sent what it has missed. The process holds the frames that
    wait for it, and not the texts of which they are made as well."""
    monkeypatch.setattr(channels, "MOST_EXTENDED_BYTES", 0)
    copies = Copies(shore.reader)
    shore.catch_up = ConnectionCatchUp(shore.hub, shore.delivery, shore.channel_catch_up, copies)
    start = shore.room.tail
    for number in range(3):
        shore.room.append(str(number) * size)
    ear, held = Ear(), []
    ear.wait_until_taken = lambda: held.append(sum(one() is not None for one in copies.texts))

    shore.catch_up_of(ear, {"room": start})

    assert ear.payloads == [str(number) * size for number in range(3)]
    assert held
    assert not any(held)
