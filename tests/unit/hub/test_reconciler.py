"""The background work that keeps a process in step with its registry."""

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.threads import clock
from tests.eventually import eventually

from .house import Guest


def test_reconciler_brings_a_connection_onto_new_channels(house):
    """Another request subscribes the page, whose open socket receives the channel's pushes."""
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.push("before the worker came to it", "b")
    house.work()
    house.push("after", "b")

    eventually(lambda: len(house.guest.payloads) == 2)
    assert house.guest.payloads == ["before the worker came to it", "after"]


def test_reconciler_takes_a_connection_off_channels(house):
    """Another process unsubscribes the page, whose socket receives no more of the channel."""
    house.push("first", "a")
    eventually(lambda: house.guest.payloads)
    house.registry.unsubscribe("d1", ["a"])
    eventually(lambda: not house.hub.channels(house.guest))

    house.push("second", "a")
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)

    assert house.guest.payloads == ["first"]


def test_reconciler_takes_back_what_a_busy_worker_has_not_come_to(house):
    """A subscription ends before the busy socket has joined the channel. The socket does not join
    it later."""
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.registry.unsubscribe("d1", ["b"])
    eventually(lambda: house.hub.channels(house.guest) == {"a"})

    house.work()
    house.push("not for us", "b")
    house.push("for us", "a")

    eventually(lambda: house.guest.payloads)
    assert house.guest.payloads == ["for us"]
    assert house.delivery.names() == ["a"]


def test_reconciler_writes_a_client_again_whose_data_is_gone(house):
    """The registry has lost its data. Processes write their clients again, and the pages are
    told."""
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.registry.forget()

    house.reconciler.restored()

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"])
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a", "b"}
    assert house.hub.channels(house.guest) == {"a", "b"}


def test_client_that_was_written_again_is_as_old_as_its_socket(house):
    """A user was banned by a process that could not reach Redis. A client that is written again is
    not younger than that ban."""
    house.guest.opened_at = clock.monotonic() - 3600
    house.registry.forget()
    house.reconciler.restored()
    eventually(lambda: house.registry.subscriptions(["d1"])["d1"])

    house.registry.end_user("kim", None, 1_800_000)

    assert house.registry.connect("d1", "2", "kim").has_ended


def test_reconciler_adds_to_a_client_that_was_begun_anew(house):
    """A request has written the client before its process noticed the loss. That request's
    subscriptions stay."""
    house.registry.forget()
    house.registry.subscribe("d1", ["b"])

    house.reconciler.restored()

    eventually(lambda: house.jobs)
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a", "b"}
    assert house.hub.channels(house.guest) == {"a", "b"}


def test_reconciler_writes_a_connection_again_that_the_registry_forgot(house):
    """The registry went back to a time before the socket opened. The connection is written again
    when it is next checked."""
    house.registry.forget_connection(ConnectionRecord("d1", "1", {}))

    house.reconciler.changed("d1")

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"].connections == ("1",))


def test_reconciler_writes_a_client_again_that_has_expired(house):
    """A process stood still so long that its client expired. The next refresh writes it again."""
    house.registry.forget()

    house.reconciler.refresh()

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"])
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a"}


class Second(Guest):
    name = "2"


def test_reconciler_brings_all_connections_of_a_client_to_what_one_restored(house):
    """A second socket of the page opened after the loss, before it was noticed. It has the restored
    channels too."""
    second = Second("d1")
    house.registry.forget()
    house.registry.subscribe("d1", ["c"])
    house.enter(second, house.arrive(second))

    house.reconciler.restored()

    eventually(lambda: len(house.jobs) == 2)
    assert house.hub.channels(house.guest) == {"a", "c"}
    assert house.hub.channels(second) == {"a", "c"}


def test_reconciler_brings_one_that_had_yet_to_resume_to_what_another_restored(house):
    """A second socket of the page opened after the loss, and resumes after the first one was
    restored. It has the restored channels too."""
    second = Second("d1")
    house.registry.forget()
    house.registry.subscribe("d1", ["c"])
    arrival = house.arrive(second)
    house.reconciler.restored()
    eventually(lambda: house.hub.channels(house.guest) == {"a", "c"})

    house.enter(second, arrival)

    eventually(lambda: house.hub.channels(second) == {"a", "c"})
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a", "c"}
    assert house.hub.channels(house.guest) == {"a", "c"}


def test_reconciler_brings_one_that_came_before_the_restore_to_it(house):
    """A socket opens right before its client is restored, and resumes after that. It has the
    restored channels."""
    second = Second("d1")
    arrivals = []

    restore = house.registry.restore

    def come(records):
        house.registry.restore = restore
        arrivals.append(house.arrive(second))
        return restore(records)

    house.registry.forget()
    house.registry.restore = come
    house.registry.subscribe("d1", ["c"])
    house.reconciler.restored()
    eventually(lambda: house.hub.channels(house.guest) == {"a", "c"})
    house.enter(second, arrivals[0])

    eventually(lambda: house.hub.channels(second) == {"a", "c"})


def test_reconciler_waits_for_no_outbox_where_nothing_was_lost(house):
    """A new subscription does not wait until thousands of other pages were written to."""
    settled = []
    house.reconciler._client_catch_up._settle = lambda: settled.append(1)

    house.registry.subscribe("d1", ["b"])

    eventually(lambda: house.jobs)
    assert settled == []


def test_reconciler_keeps_nobody_waiting_for_what_cannot_be_written(house):
    """One client cannot be written again. The others are."""
    other = Guest("d2")
    house.registry.subscribe("d2", ["a"])
    house.enter(other, house.arrive(other))

    def refuse(known):
        raise RegistryUnavailable("Out of memory.")

    house.registry.restore = refuse
    house.registry.forget_connection(ConnectionRecord("d1", "1", {}))
    house.reconciler.changed("d1")
    house.registry.unsubscribe("d2", ["a"])

    eventually(lambda: not house.hub.channels(other))


def test_reconciler_writes_a_client_again_if_it_may_have_been_written_untold(house, monkeypatch):
    """The reply to a write arrived too late, so other processes may not have been told. The client
    is written again."""
    monkeypatch.setattr("flask_realtime.hub.reconciler.RETRY_SECONDS", 0.01)
    restore = house.registry.restore
    written = []

    def reply_too_late_at_first(known):
        stands = restore(known)
        written.append(known)
        if len(written) == 1:
            raise RegistryUnavailable("No answer in time.")
        return stands

    house.registry.restore = reply_too_late_at_first
    house.registry.forget()

    house.reconciler.restored()

    eventually(lambda: len(written) == 2)


def test_reconciler_records_that_a_user_was_removed_from_a_channel(house, monkeypatch):
    """The registry is unavailable when a user is removed from a channel. The removal is recorded
    later, and the channel stays left."""
    monkeypatch.setattr("flask_realtime.hub.reconciler.RETRY_SECONDS", 0.01)
    unsubscribe, tries = house.registry.unsubscribe, []

    def be_away_at_first(digest, channels):
        tries.append(digest)
        if len(tries) == 1:
            raise RegistryUnavailable("Away.")
        unsubscribe(digest, channels)

    house.registry.unsubscribe = be_away_at_first

    house.reconciler.unsubscribe("d1", "a", True, 0)

    eventually(lambda: set(house.registry.subscriptions(["d1"])["d1"]) == set())
    eventually(lambda: house.hub.channels(house.guest) == set())


def test_reconciler_keeps_nobody_waiting_for_a_client_that_was_put_out(house, monkeypatch):
    """The registry refuses to write. Channels are still read and other changes applied, and a
    client that was removed from a channel does not join it again by the registry's old data."""
    monkeypatch.setattr("flask_realtime.hub.reconciler.RETRY_SECONDS", 0.01)

    def refuse(digest, channels, age=0):
        raise RegistryUnavailable("It writes nothing.")

    monkeypatch.setattr(house.registry, "unsubscribe", refuse)
    other = Second("d2")
    house.registry.subscribe("d2", ["a"])
    house.enter(other, house.arrive(other))
    house.hub.leave(house.guest, ["a"])
    house.reconciler.unsubscribe("d1", "a", True, 0)

    house.reconciler.restored()
    house.registry.subscribe("d2", ["b"])
    house.push("heard", "a")

    eventually(lambda: other.payloads == ["heard"])
    eventually(lambda: house.hub.channels(other) == {"a", "b"})
    assert house.hub.channels(house.guest) == set()
