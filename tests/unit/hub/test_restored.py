"""A process hears its registry again, and goes on where it was."""

import threading
from contextlib import suppress
from dataclasses import replace

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub import hub, reconciler, unnoted_kicks
from tests.eventually import DEADLINE, eventually

from ..logs import Log
from .house import Guest
from .test_channel_catch_up import Ward


def test_process_that_had_no_page_reads_logs_for_the_first_that_comes(house, monkeypatch):
    """The registry is not heard for a while by a process that has no page and no channel. A page
    that comes later has its log read, since nobody can have left a channel."""
    monkeypatch.setattr(hub, "IDLE_SECONDS", 0)
    house.hub.remove(house.guest)
    assert house.hub.pop_idle() == ["a"]
    house.channel_catch_up.interrupt()
    house.reconciler.restored()
    second = Guest("d2")
    house.hub.add(second)
    house.hub.invite(second, {"b": Log("b").tail})
    house.hub.enter(second)

    def is_read():
        with suppress(RegistryUnavailable):
            house.channel_catch_up.run(["b"], DEADLINE, waits=False)
        return not house.delivery.paused(["b"])

    eventually(is_read)


def test_thread_that_reads_the_clients_waits_for_none_that_waits_for_it():
    """A connection comes while Redis is away, and the thread that reads the clients waits until the
    connection has read the log. Redis is heard again: the connection has to wait for the clients,
    and lets the thread go on."""
    ward = Ward(1)
    is_back = threading.Event()
    listen = ward.channel_catch_up._listen
    ward.channel_catch_up._listen = lambda names: (listen(names), is_back.wait(DEADLINE))
    ward.channel_catch_up.interrupt()
    coming = threading.Thread(target=ward.channel_catch_up.run, args=(ward.names, 10 * DEADLINE))
    coming.start()
    eventually(lambda: ward.heard)

    def read_clients():
        with suppress(RegistryUnavailable):
            ward.channel_catch_up.run(ward.names, 10 * DEADLINE, waits=False)
        ward.release()

    reading = threading.Thread(target=read_clients)
    reading.start()
    is_back.set()
    reading.join(DEADLINE)
    is_reading = reading.is_alive()
    ward.release()
    coming.join(DEADLINE)

    assert not is_reading
    assert ward.ear.payloads == ["room-0"]


def test_lost_client_is_written_again_though_the_user_is_being_put_out_of_a_channel(house):
    """A user is being put out of a channel, and the registry is about to say when, while the client
    is to be read. The registry has lost the client, of which it tells nobody; the client is written
    again all the same."""
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.work()
    house.reconciler.unsubscribe("d1", "b", True, None)
    house.hub.leave(house.guest, ["b"], bars=True)
    house.registry.forget()
    house.reconciler.restored()
    eventually(lambda: not house.delivery.paused(["a"]))

    house.reconciler.unsubscribe("d1", "b", True, 1)

    eventually(lambda: set(house.registry.subscriptions(["d1"])["d1"] or ()) == {"a"})


def test_clients_are_read_twice_before_the_logs_whatever_else_fails(house):
    """The registry refuses to note that somebody else was put out of a channel. A page leaves a
    channel unheard, and its subscriptions cannot be read at once when the registry is heard again.
    They are read once more before the log, and nothing is heard that was pushed behind the
    leave."""
    house.reconciler.unnoted_kicks.tell = lambda: False
    house.reconciler.changed("d1")
    eventually(lambda: house.reconciler._is_failing)
    house.channel_catch_up.interrupt()
    own = house.registry._own.get()
    events, own.events = own.events, replace(own.events, changed=lambda *news: None)
    end = house.delivery.tail("a")
    house.registry.unsubscribe("d1", ["a"])
    own.events = events
    house.push("behind the leave", "a")
    read, refused = house.registry.subscriptions, []

    def refuse_once(digests):
        if not refused:
            refused.append(digests)
            raise RegistryUnavailable("slow")
        found = read(digests)
        found["d1"].ends = {"a": end}
        return found

    house.registry.subscriptions = refuse_once
    house.reconciler.restored()

    eventually(lambda: house.hub.channels(house.guest) == set())
    assert house.guest.payloads == []


def test_change_does_not_wait_for_ever_for_a_kick_without_a_moment(house, monkeypatch):
    """A user is put out of a channel, and the registry never says when. The page comes to another
    channel all the same, and the kick is told."""
    monkeypatch.setattr(unnoted_kicks, "PENDING_SECONDS", 0.1)
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 0.1)
    house.reconciler.unsubscribe("d1", "a", True, None)
    house.hub.leave(house.guest, ["a"], bars=True)
    house.registry.subscribe("d1", ["b"])

    eventually(lambda: house.jobs)

    assert house.reconciler.unnoted_kicks.clients() == set()


def test_kick_without_a_moment_is_told_though_nothing_else_happens(house, monkeypatch):
    """A user is put out of a channel, and the registry never says when. The kick is told a while
    later, and the page's next socket is kept from the channel no longer."""
    monkeypatch.setattr(unnoted_kicks, "PENDING_SECONDS", 0.1)
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 0.1)

    house.reconciler.unsubscribe("d1", "a", True, None)

    eventually(lambda: house.reconciler.unnoted_kicks.clients() == set())
    assert set(house.registry.subscriptions(["d1"])["d1"]) == set()
