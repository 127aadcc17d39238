"""How paused channels go live again."""

import threading

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.channel_catch_up import CHANNELS_AT_ONCE, ChannelCatchUp
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.hub import Hub
from tests.eventually import DEADLINE, eventually

from ..logs import Ear, Log, Reader, post


class Ward:
    """Channels of one connection, all paused, each with a message in its log."""

    def __init__(self, count):
        self.logs = [Log(f"room-{number}") for number in range(count)]
        self.names = [log.channel for log in self.logs]
        self.reader = Reader(*self.logs)
        self.heard, self.asked, self.sizes, self.failing = [], [], [], None
        channels = Channels()
        self.delivery = Delivery(channels, self.asked.extend, post)
        self.channel_catch_up = ChannelCatchUp(self.delivery, self.listen, self.read)
        self.ear = Ear()
        hub = Hub(channels, lambda names: None)
        hub.add(self.ear)
        hub.invite(self.ear, {log.channel: log.tail for log in self.logs})
        hub.enter(self.ear)
        self.channel_catch_up.run(self.names, 5)
        for log in self.logs:
            assert hub.step(self.ear, log.channel, log.tail) == []
            log.append(log.channel)
        self.delivery.pause()
        self.heard.clear()
        self.sizes.clear()

    def listen(self, names):
        if self.failing == "listen":
            raise RegistryUnavailable("gone")
        self.heard.append((list(names), self.reader.calls))

    def read(self, cursors, max_bytes):
        self.sizes.append((len(cursors), max_bytes))
        if self.failing == "read" or self.failing == len(self.sizes):
            raise RegistryUnavailable("gone")
        return self.reader(cursors, max_bytes)

    def release(self):
        """Redis is heard again, and the clients are read."""
        self.channel_catch_up.restore()
        self.channel_catch_up.release(self.channel_catch_up.begin())


def test_channel_catch_up_listens_before_it_reads():
    """A message is published after the log was read. It is delivered, because listening began
    before the read."""
    ward = Ward(1)
    calls = ward.reader.calls

    ward.channel_catch_up.run(ward.names, 5)

    assert ward.heard == [(["room-0"], calls)]
    assert ward.ear.payloads == ["room-0"]


def test_channel_catch_up_of_thousands_is_no_single_read():
    """Thousands of channels are read in several calls. After a failure, what was read is kept and
    the rest is tried again."""
    ward = Ward(250)
    ward.failing = 3

    with pytest.raises(RegistryUnavailable):
        ward.channel_catch_up.run(ward.names, 5)
    heard = len(ward.ear.payloads)
    ward.channel_catch_up.run(ward.asked, 5)

    assert [count for count, _ in ward.sizes] == [100, 100, 50, 50]
    assert all(count * each <= 256 * 1024 for count, each in ward.sizes)
    assert heard == 200
    assert sorted(ward.ear.payloads) == sorted(ward.names)
    assert ward.delivery.paused(ward.names) == []


@pytest.mark.parametrize("failing", ["listen", "read"])
def test_channel_catch_up_that_fails_is_tried_again_in_the_background(failing):
    """One connection could not read a channel's log. The channel goes live for others later."""
    ward = Ward(1)
    ward.failing = failing

    with pytest.raises(RegistryUnavailable):
        ward.channel_catch_up.run(ward.names, 5)

    assert ward.asked == ["room-0"]
    assert ward.delivery.paused(ward.names) == ["room-0"]


def test_channel_catch_up_reads_again_what_was_paused_while_it_read():
    """The link to Redis broke after the log was read. The log is read again for what was pushed
    meanwhile."""
    ward = Ward(1)
    log = ward.logs[0]

    def lose_the_link():
        ward.reader.after_read = None
        ward.delivery.pause()
        log.append("unheard")

    ward.reader.after_read = lose_the_link

    ward.channel_catch_up.run(ward.names, 5)

    assert ward.ear.payloads == ["room-0", "unheard"]
    # Before each read.
    assert len(ward.heard) == 2


def test_connection_that_comes_reads_no_log_before_the_clients_are_known():
    """Publications may be missing, and a connection enters a channel as soon as they are heard
    again. It reads the log once it is known who has left the channel, and others pause so long."""
    ward = Ward(1)
    ward.channel_catch_up.interrupt()
    coming = threading.Thread(target=ward.channel_catch_up.run, args=(ward.names, DEADLINE))
    coming.start()
    eventually(lambda: ward.heard)

    assert ward.ear.payloads == []
    ward.release()
    coming.join(DEADLINE)

    assert ward.ear.payloads == ["room-0"]


def test_thread_that_reads_the_clients_does_not_wait_for_itself():
    """Whoever knows that clients come first is told at once that it is too early, and the channel
    stays paused."""
    ward = Ward(1)
    ward.channel_catch_up.interrupt()

    with pytest.raises(RegistryUnavailable):
        ward.channel_catch_up.run(ward.names, DEADLINE, waits=False)

    assert ward.delivery.paused(ward.names) == ward.names
    ward.release()
    ward.channel_catch_up.run(ward.names, DEADLINE, waits=False)
    assert ward.ear.payloads == ["room-0"]


def test_reading_of_clients_before_a_loss_lets_no_log_be_read_behind_it():
    """Publications may be missing once more while the clients are read, or they are read before
    publications are heard again. They have to be read anew before the logs."""
    ward = Ward(1)
    catch_up = ward.channel_catch_up
    catch_up.interrupt()
    catch_up.release(catch_up.begin())
    catch_up.restore()
    begun = catch_up.begin()
    catch_up.interrupt()
    catch_up.release(begun)

    with pytest.raises(RegistryUnavailable):
        catch_up.run(ward.names, DEADLINE, waits=False)

    ward.release()
    catch_up.run(ward.names, DEADLINE, waits=False)
    assert ward.ear.payloads == ["room-0"]


@pytest.mark.parametrize("count", [1, CHANNELS_AT_ONCE + 1])
def test_log_is_not_read_on_when_publications_may_be_missing_again(count):
    """Redis is lost while a log is read, or between two portions of many logs. The rest is read
    behind the clients, and stays paused until then."""
    ward = Ward(count)
    read = ward.channel_catch_up._read

    def read_and_lose(cursors, max_bytes):
        pages = read(cursors, max_bytes)
        if len(ward.sizes) == 1:
            ward.channel_catch_up.interrupt()
        return pages

    ward.channel_catch_up._read = read_and_lose

    with pytest.raises(RegistryUnavailable):
        ward.channel_catch_up.run(ward.names, DEADLINE, waits=False)

    assert len(ward.sizes) == 1
    assert ward.delivery.paused(ward.names)
