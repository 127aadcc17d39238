"""Older parts of logs are read once for all connections that resume together."""

import random
import threading

import pytest

from flask_realtime.hub import shared_reads as module
from flask_realtime.hub.channel_catch_up import ChannelCatchUp
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.delivery import ENTRY_BYTES, Delivery
from flask_realtime.hub.hub import Hub
from flask_realtime.hub.shared_reads import SharedReads
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.records import LogPage
from tests.eventually import DEADLINE

from ..logs import Ear, Log, Reader, post


class Shelf:
    """Logs of 100 messages each, whose tails a new process knows.

    :param text: each message.
    """

    def __init__(self, count=None, channels=("room",), messages=100, text=None):
        self.logs = [Log(name) for name in channels]
        self.log = self.logs[0]
        self.reader = Reader(*self.logs, count=count)
        table = Channels()
        self.delivery = Delivery(table, lambda names: None, post)
        self.shared_reads = SharedReads(self.delivery, self.reader)
        self.starts = {log.channel: log.tail for log in self.logs}
        self.places = [self.log.tail]
        for log in self.logs:
            for number in range(messages):
                log.append(number if text is None else text)
                if log is self.log:
                    self.places.append(log.tail)
        hub = Hub(table, lambda names: None)
        ear = Ear()
        hub.add(ear)
        hub.invite(ear, {log.channel: log.tail for log in self.logs})
        hub.enter(ear)
        ChannelCatchUp(self.delivery, lambda names: None, self.reader).run(channels, DEADLINE)
        self.reader.calls = self.reader.entries = 0

    def come(self, place):
        return self.shared_reads.run({"room": place})

    def push(self, payload):
        self.delivery.deliver(self.log.append(payload))


@pytest.fixture
def shelf():
    return Shelf()


def test_shared_reading_reads_once_for_all_who_are_not_further_behind(shelf):
    """What was read for one connection serves those that resume from the same position or a later
    one."""
    pages = [shelf.come(shelf.places[place]) for place in (20, 20, 50, 99, 20)]

    assert pages == [{}] * 5
    assert shelf.delivery.covers("room", shelf.places[20])
    assert shelf.reader.calls == 1


def test_shared_reading_reads_what_lies_before_that_for_one_who_is_further_behind(shelf):
    """A connection resumes from an earlier position. The part that is kept grows at its beginning,
    and at its end with new pushes."""
    shelf.come(shelf.places[50])
    shelf.push("live")

    shelf.come(shelf.places[10])

    assert shelf.delivery.covers("room", shelf.places[10])
    assert shelf.delivery.covers("room", shelf.log.tail)
    assert shelf.reader.calls == 2


def test_shared_reading_of_many_at_once_costs_few_reads(shelf):
    """Hundreds of connections resume at once from many positions. The log is read a few times."""
    places = [shelf.places[random.Random(7).randrange(100)] for _ in range(300)]
    start = threading.Barrier(20)

    def come(mine):
        start.wait(DEADLINE)
        for place in mine:
            assert shelf.come(place) == {}

    coming = [threading.Thread(target=come, args=(places[n::20],)) for n in range(20)]
    for one in coming:
        one.start()
    for one in coming:
        one.join(DEADLINE)

    assert all(shelf.delivery.covers("room", place) for place in places)
    assert shelf.reader.calls < 20


def test_shared_reading_reads_page_after_page():
    """A connection is a few pages behind, and all of these are kept."""
    shelf = Shelf(count=30)

    assert shelf.come(shelf.places[0]) == {}
    assert shelf.delivery.covers("room", shelf.places[0])
    assert shelf.reader.calls == 4


def test_shared_reading_keeps_nothing_for_one_who_is_very_far_behind(shelf, monkeypatch):
    """A connection is very far behind. It gets the first page, and reads the rest by itself."""
    monkeypatch.setattr(module, "MOST_BYTES", 20 * ENTRY_BYTES)
    shelf.reader.count = 30

    pages = shelf.come(shelf.places[0])

    assert pages["room"].publications == tuple(shelf.log.publications[:30])
    assert shelf.reader.calls == 1
    assert not shelf.delivery.covers("room", shelf.places[0])


LONG = "x" * 4000
MANY = [f"room-{number}" for number in range(100)]


def pages_of(reading):
    """Return the size of the messages in a page, in bytes."""
    return sum(len(one.payload) for page in reading.values() for one in page.publications)


def test_shared_reading_of_many_long_logs_is_bounded(monkeypatch):
    """A page on a hundred channels was away for long. One reading takes at most its share of all
    logs together, with a pause after each page; the rest is read page by page later."""
    pauses = []
    monkeypatch.setattr(module, "let_others_run", lambda: pauses.append(1))
    shelf = Shelf(channels=MANY, messages=50, text=LONG)

    pages = shelf.shared_reads.run(shelf.starts)

    assert shelf.reader.entries * len(LONG) <= 2 * module.MOST_BYTES
    assert len(pauses) == shelf.reader.calls
    assert pages_of(pages) <= module.PAGE_BYTES
    assert not any(page.lost for page in pages.values())


def test_shared_reading_of_many_short_logs_covers_them_all():
    """Logs that fit into the share are read whole, and kept for others."""
    shelf = Shelf(channels=MANY, messages=5, text=LONG)

    assert shelf.shared_reads.run(shelf.starts) == {}
    assert all(shelf.delivery.covers(name, at) for name, at in shelf.starts.items())
    assert shelf.reader.entries == 500


class Looked(str):
    """A text that counts how often its length is asked for."""

    times = 0

    def __len__(self):
        Looked.times += 1
        return super().__len__()


@pytest.mark.parametrize("messages", [200, 800])
def test_shared_reading_looks_at_each_message_a_few_times(messages):
    """The time grows in proportion to the number of messages, not to its square."""
    shelf = Shelf(count=10, messages=messages)
    for publication in shelf.log.publications:
        object.__setattr__(publication, "payload", Looked(publication.payload))
    Looked.times = 0

    assert shelf.come(shelf.places[0]) == {}

    assert shelf.reader.calls == messages / 10
    assert Looked.times <= 5 * messages


def test_shared_reading_asks_of_each_page_whether_it_leads_up_to_what_is_kept(monkeypatch):
    """The check of a page does not walk through all pages that were read before."""
    compared = []
    equal = Position.__eq__
    shelf = Shelf(count=10, messages=800)

    def count(one, other):
        compared.append(1)
        return equal(one, other)

    monkeypatch.setattr(Position, "__eq__", count)
    monkeypatch.setattr(Log, "page", _indexed_page)
    shelf.come(shelf.places[0])

    assert len(compared) <= 10 * 80 + 3 * 800


def _indexed_page(log, cursor, count, max_bytes):
    found = log.publications[cursor.seq : cursor.seq + count]
    return LogPage(tuple(found), log.tail)


def test_shared_reading_finds_every_loss_however_much_there_is_to_read():
    """The reply to a resume names every channel with a loss, so each log is asked."""
    shelf = Shelf(channels=MANY, messages=50, text=LONG)
    lost = {"room-7", "room-99"}
    starts = {
        name: at._replace(epoch="another") if name in lost else at
        for name, at in shelf.starts.items()
    }

    pages = shelf.shared_reads.run(starts)

    assert {name for name, page in pages.items() if page.lost} == lost


def test_shared_reading_reads_no_further_where_the_process_keeps_enough(shelf, monkeypatch):
    """The messages that are kept for many connections have one limit together."""
    monkeypatch.setattr("flask_realtime.hub.channels.MOST_EXTENDED_BYTES", 0)

    pages = shelf.come(shelf.places[50])

    assert pages["room"].publications == tuple(shelf.log.publications[50:])
    assert not shelf.delivery.covers("room", shelf.places[50])


def test_shared_reading_lets_few_read_far_at_a_time(shelf, monkeypatch):
    """A few connections at a time read far, since each takes memory. The others wait, and then
    continue by pages."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0)
    shelf.reader.count = 10
    for _ in range(module.FAR_AT_ONCE):
        shelf.shared_reads._far.acquire()

    near, far = shelf.come(shelf.places[90]), shelf.come(shelf.places[50])
    shelf.shared_reads._far.release()

    assert near == {}
    assert far["room"].publications == tuple(shelf.log.publications[50:60])
    assert shelf.come(shelf.places[50]) == {}


def test_shared_reading_knows_what_has_been_trimmed(shelf):
    """A read finds that a log does not reach back. Later connections from before that point are
    told of the loss without a read."""
    del shelf.log.publications[:60]

    first = shelf.come(shelf.places[40])
    others = [shelf.come(shelf.places[place]) for place in (40, 10, 0)]

    assert first["room"].lost
    assert others == [{"room": LogPage((), shelf.log.tail, lost=True)}] * 3
    assert shelf.reader.calls == 1
    assert shelf.come(shelf.places[70]) == {}


def test_shared_reading_believes_no_liar(shelf):
    """A client sends a false position. It is told of a loss, and all others get their messages."""
    liar = shelf.come(shelf.places[90]._replace(tag="ffff"))

    assert liar["room"].lost
    assert shelf.come(shelf.places[80]) == {}


def test_shared_reading_lets_go_of_what_nobody_comes_for(shelf, monkeypatch):
    """After a while without connections no more is kept than usual."""
    monkeypatch.setattr("flask_realtime.hub.channels.EXTENDED_SECONDS", -1)
    monkeypatch.setattr("flask_realtime.hub.channel.RECENT_FRAMES", 10)
    shelf = Shelf()
    shelf.come(shelf.places[0])

    shelf.delivery.shrink()

    assert not shelf.delivery.covers("room", shelf.places[89])
    assert shelf.delivery.covers("room", shelf.places[90])
