"""Older parts of logs, for all who come back at once."""

import random
import threading

import pytest

from flask_realtime.hub.backfill import Backfill
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.hub import Hub
from flask_realtime.hub.resync import Resync
from flask_realtime.registries.records import LogPage
from tests.eventually import DEADLINE

from ..logs import Ear, Log, Reader, post


class Shelf:
    """A log of 100 messages, of which a process that has just begun knows the tail."""

    def __init__(self, count=None):
        self.log = Log("room")
        self.reader = Reader(self.log, count=count)
        self.delivery = Delivery(lambda names: None, post)
        self.backfill = Backfill(self.delivery, self.reader)
        self.places = [self.log.tail]
        for number in range(100):
            self.log.append(number)
            self.places.append(self.log.tail)
        hub = Hub(self.delivery, lambda names: None)
        ear = Ear()
        hub.add(ear)
        hub.invite(ear, {"room": self.log.tail})
        hub.enter(ear)
        Resync(self.delivery, lambda names: None, self.reader).run(["room"], 5)
        self.reader.calls = 0

    def come(self, place):
        return self.backfill.run({"room": place})

    def push(self, payload):
        self.delivery.deliver(self.log.append(payload))


@pytest.fixture
def shelf():
    return Shelf()


def test_backfill_reads_once_for_all_who_are_not_further_behind(shelf):
    """What one had read serves those who come after it from the same place, or a later one."""
    pages = [shelf.come(shelf.places[place]) for place in (20, 20, 50, 99, 20)]

    assert pages == [{}] * 5
    assert shelf.delivery.covers("room", shelf.places[20])
    assert shelf.reader.calls == 1


def test_backfill_reads_what_lies_before_that_for_one_who_is_further_behind(shelf):
    """The part that is kept grows backwards, and forwards with what is pushed."""
    shelf.come(shelf.places[50])
    shelf.push("live")

    shelf.come(shelf.places[10])

    assert shelf.delivery.covers("room", shelf.places[10])
    assert shelf.delivery.covers("room", shelf.log.tail)
    assert shelf.reader.calls == 2


def test_backfill_of_many_at_once_costs_few_reads(shelf):
    """Hundreds that come at the same moment from many places read a handful of times."""
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


def test_backfill_reads_page_after_page():
    """One who is a few pages behind has them all kept."""
    shelf = Shelf(count=30)

    assert shelf.come(shelf.places[0]) == {}
    assert shelf.delivery.covers("room", shelf.places[0])
    assert shelf.reader.calls == 4


def test_backfill_keeps_nothing_for_one_who_is_very_far_behind(shelf, monkeypatch):
    """It gets what was read, and reads the rest for itself."""
    monkeypatch.setattr("flask_realtime.hub.backfill.MOST_BYTES", 10)
    shelf.reader.count = 30

    pages = shelf.come(shelf.places[0])

    assert pages["room"].publications == tuple(shelf.log.publications[:30])
    assert not shelf.delivery.covers("room", shelf.places[0])


def test_backfill_knows_what_has_been_trimmed(shelf):
    """Of a log that does not reach back, one reads so; those before it are told without a read."""
    del shelf.log.publications[:60]

    first = shelf.come(shelf.places[40])
    others = [shelf.come(shelf.places[place]) for place in (40, 10, 0)]

    assert first["room"].lost
    assert others == [{"room": LogPage((), shelf.log.tail, lost=True)}] * 3
    assert shelf.reader.calls == 1
    assert shelf.come(shelf.places[70]) == {}


def test_backfill_believes_no_liar(shelf):
    """A false position is lost to who named it; all others get what they come for."""
    liar = shelf.come(shelf.places[90]._replace(tag="ffff"))

    assert liar["room"].lost
    assert shelf.come(shelf.places[80]) == {}


def test_backfill_lets_go_of_what_nobody_comes_for(shelf, monkeypatch):
    """After a while no more than usual is kept."""
    monkeypatch.setattr("flask_realtime.hub.channel.EXTENDED_SECONDS", -1)
    monkeypatch.setattr("flask_realtime.hub.channel.RECENT_FRAMES", 10)
    shelf = Shelf()
    shelf.come(shelf.places[0])

    shelf.delivery.shrink()

    assert not shelf.delivery.covers("room", shelf.places[89])
    assert shelf.delivery.covers("room", shelf.places[90])
