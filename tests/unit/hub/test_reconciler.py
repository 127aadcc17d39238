"""What a process does in the background to keep in step with its registry."""

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.threads import clock
from tests.eventually import eventually

from .house import Guest


def test_reconciler_brings_a_connection_onto_new_channels(house):
    """A subscription made by another request is heard by the open socket."""
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.push("before the worker came to it", "b")
    house.work()
    house.push("after", "b")

    eventually(lambda: len(house.guest.payloads) == 2)
    assert house.guest.payloads == ["before the worker came to it", "after"]


def test_reconciler_takes_a_connection_off_channels(house):
    """What is unsubscribed elsewhere is heard no more."""
    house.push("first", "a")
    eventually(lambda: house.guest.payloads)
    house.registry.unsubscribe("d1", ["a"])
    eventually(lambda: not house.hub.channels(house.guest))

    house.push("second", "a")
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)

    assert house.guest.payloads == ["first"]


def test_reconciler_takes_back_what_a_busy_worker_has_not_come_to(house):
    """A subscription that is gone before the socket's worker came to it leaves no ghost."""
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
    """A registry that lost its data gets back what its processes know, and hears of it."""
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.registry.forget()

    house.reconciler.restored()

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"])
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a", "b"}
    assert house.hub.channels(house.guest) == {"a", "b"}


def test_client_that_was_written_again_is_as_old_as_its_socket(house):
    """Its user was banned by a process that could not reach Redis at that time."""
    house.guest.opened_at = clock.monotonic() - 3600
    house.registry.forget()
    house.reconciler.restored()
    eventually(lambda: house.registry.subscriptions(["d1"])["d1"])

    house.registry.end_user("kim", None, 1_800_000)

    assert house.registry.connect("d1", "2", "kim").has_ended


def test_reconciler_adds_to_a_client_that_was_begun_anew(house):
    """A request that came before its process had noticed the loss takes nothing away."""
    house.registry.forget()
    house.registry.subscribe("d1", ["b"])

    house.reconciler.restored()

    eventually(lambda: house.jobs)
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a", "b"}
    assert house.hub.channels(house.guest) == {"a", "b"}


def test_reconciler_writes_a_connection_again_that_the_registry_forgot(house):
    """A registry that went back to before the socket opened is told of it when next looked at."""
    house.registry.forget_connection(ConnectionRecord("d1", "1", {}))

    house.reconciler.changed("d1")

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"].connections == ("1",))


def test_reconciler_writes_a_client_again_that_has_expired(house):
    """A process that stood still for long learns so at its next refresh."""
    house.registry.forget()

    house.reconciler.refresh()

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"])
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a"}


def test_reconciler_keeps_so_many_from_expiring_at_once(house, monkeypatch):
    """Each call has a deadline, which ten thousand sockets do not share."""
    pauses = []
    monkeypatch.setattr("flask_realtime.hub.reconciler.REFRESHED_AT_ONCE", 1)
    monkeypatch.setattr("flask_realtime.hub.reconciler.LOOKED_AT_AT_ONCE", 1)
    monkeypatch.setattr("flask_realtime.hub.reconciler.let_others_run", lambda: pauses.append(1))
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    house.work()
    calls = []

    def refresh(records, names):
        calls.append((len(records), len(names)))
        return []

    house.registry.refresh = refresh

    house.reconciler.refresh()

    assert calls == [(1, 0), (0, 1), (0, 1)]
    assert pauses


class Second(Guest):
    name = "2"


def test_reconciler_brings_all_connections_of_a_client_to_what_one_restored(house):
    """A second socket of the page came after the loss, before the reconciler looked."""
    second = Second("d1")
    house.registry.forget()
    house.registry.subscribe("d1", ["c"])
    house.enter(second, house.arrive(second))

    house.reconciler.restored()

    eventually(lambda: len(house.jobs) == 2)
    assert house.hub.channels(house.guest) == {"a", "c"}
    assert house.hub.channels(second) == {"a", "c"}


def test_reconciler_brings_one_that_had_yet_to_resume_to_what_another_restored(house):
    """A second socket of the page shook hands after the loss, and resumes behind the reconciler."""
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
    """It shook hands once the reconciler had been told of the loss, and resumes when all stands."""
    second = Second("d1")
    arrivals = []

    def come(_):
        house.registry.replay_disconnects = lambda clients: None
        arrivals.append(house.arrive(second))

    house.registry.replay_disconnects = come
    house.registry.forget()
    house.registry.subscribe("d1", ["c"])
    house.reconciler.restored()
    eventually(lambda: house.hub.channels(house.guest) == {"a", "c"})
    house.enter(second, arrivals[0])

    eventually(lambda: house.hub.channels(second) == {"a", "c"})


def test_reconciler_waits_for_no_outbox_where_nothing_was_lost(house):
    """A page that subscribes anew shall not wait until thousands have been written to."""
    settled = []
    house.reconciler._settle = lambda: settled.append(1)

    house.registry.subscribe("d1", ["b"])

    eventually(lambda: house.jobs)
    assert settled == []


def test_reconciler_keeps_nobody_waiting_for_what_cannot_be_written(house):
    """A client that cannot be written again costs the others nothing."""
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
    """The reply came too late: nothing is lost any more, and other processes were not told."""
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


def test_keeper_notes_that_a_user_was_put_out_of_a_channel(house, monkeypatch):
    """A registry that is away just then is told again; the channel stays left."""
    monkeypatch.setattr("flask_realtime.hub.reconciler.RETRY_SECONDS", 0.01)
    unsubscribe, tries = house.registry.unsubscribe, []

    def be_away_at_first(digest, channels, *age):
        tries.append(digest)
        if len(tries) == 1:
            raise RegistryUnavailable("Away.")
        unsubscribe(digest, channels, *age)

    house.registry.unsubscribe = be_away_at_first

    house.reconciler.unsubscribe("d1", "a", True)

    eventually(lambda: set(house.registry.subscriptions(["d1"])["d1"]) == set())
    eventually(lambda: house.hub.channels(house.guest) == set())


def test_reconciler_keeps_nobody_waiting_for_a_client_that_was_put_out(house, monkeypatch):
    """While the registry writes nothing, channels are read and other changes applied; who was put
    out of a channel is not put on it again by what the registry still says."""
    monkeypatch.setattr("flask_realtime.hub.reconciler.RETRY_SECONDS", 0.01)

    def refuse(digest, channels, age=0):
        raise RegistryUnavailable("It writes nothing.")

    monkeypatch.setattr(house.registry, "unsubscribe", refuse)
    other = Second("d2")
    house.registry.subscribe("d2", ["a"])
    house.enter(other, house.arrive(other))
    house.hub.leave(house.guest, ["a"])
    house.reconciler.unsubscribe("d1", "a", True)

    house.reconciler.restored()
    house.registry.subscribe("d2", ["b"])
    house.push("heard", "a")

    eventually(lambda: other.payloads == ["heard"])
    eventually(lambda: house.hub.channels(other) == {"a", "b"})
    assert house.hub.channels(house.guest) == set()
