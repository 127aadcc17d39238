"""A registry of the app's own that fails for good, or for a while: nobody else waits for it."""

import threading

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub import attempts, reconciler
from tests.eventually import DEADLINE, eventually

from .house import Guest


@pytest.fixture(autouse=True)
def rounds(monkeypatch):
    """Let the rounds of the reconciler follow each other closely, and all be tried in each."""
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(attempts, "FIRST_SECONDS", 0.0)


@pytest.fixture
def other(house):
    """A second client, on the same channel."""
    other = Guest("d2")
    house.registry.subscribe("d2", ["a"])
    house.enter(other, house.arrive(other))
    return other


def broken(registry, name, monkeypatch, fails=lambda *arguments: True, error=TypeError):
    """Have a method of a registry raise an error where *fails* says so; return its calls, and what
    mends it."""
    method, calls, mended = getattr(registry, name), [], threading.Event()

    def call(*arguments, **keywords):
        calls.append(arguments)
        if fails(*arguments) and not mended.is_set():
            raise error("It is broken.")
        return method(*arguments, **keywords)

    monkeypatch.setattr(registry, name, call)
    return calls, mended.set


def told(caplog):
    """Return the log's lines of failures and of their end."""
    return [one.getMessage() for one in caplog.records if one.name.endswith("attempts")]


def go_on(calls):
    """Wait until the reconciler has tried some more times."""
    before = len(calls)
    eventually(lambda: len(calls) >= before + 3)


@pytest.mark.parametrize("error", [TypeError, RegistryUnavailable])
def test_orders_that_cannot_be_read_hold_up_nobody_for_good(house, monkeypatch, error):
    """The registry refuses for good to repeat what this process may have missed. The log of a
    paused channel is read, a page that comes is let in, and a new subscription applies."""
    calls, mend = broken(house.registry, "replay_disconnects", monkeypatch, error=error)
    house.channel_catch_up.interrupt()
    house.push("meanwhile", "a")
    house.reconciler.restored()

    eventually(lambda: house.guest.payloads == ["meanwhile"])
    second = Guest("d3")
    house.registry.subscribe("d3", ["c"])
    house.enter(second, house.arrive(second))
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    mend()
    tried = len(calls)
    eventually(lambda: len(calls) > tried)


def test_orders_that_cannot_be_read_are_told_once_and_repeated_when_they_can(
    house, monkeypatch, caplog
):
    """The log has one line, and not one a second, and another one when it works again."""
    calls, mend = broken(house.registry, "replay_disconnects", monkeypatch)
    house.reconciler.restored()
    go_on(calls)
    what = "Repeating the orders that this process has missed"
    assert told(caplog) == [f"{what} failed. It will be tried again."]

    mend()

    eventually(lambda: told(caplog)[1:] == [f"{what} has failed before, and is done now."])


def test_client_that_cannot_be_put_out_of_a_channel_holds_up_no_other(
    house, other, monkeypatch, caplog
):
    """A registry raises an error for one client alone. The other is put out of its channel, and
    other changes apply; the log tells of the first one once."""
    calls, mend = broken(
        house.registry, "unsubscribe", monkeypatch, lambda digest, *_: digest == "d1"
    )
    for guest in (house.guest, other):
        house.reconciler.unsubscribe(guest.digest, "a", True, 0)
        house.hub.leave(guest, ["a"], bars=True)
    go_on(calls)

    eventually(lambda: not house.registry.subscriptions(["d2"])["d2"])
    house.registry.subscribe("d2", ["b"])
    eventually(lambda: house.hub.channels(other) == {"b"})
    what = "Having the registry note that client d1 has left channels"
    assert told(caplog) == [f"{what} failed. It will be tried again."]
    mend()
    eventually(lambda: not house.registry.subscriptions(["d1"])["d1"])
    eventually(lambda: told(caplog)[1:] == [f"{what} has failed before, and is done now."])


def test_log_that_cannot_be_read_holds_up_no_other(house, monkeypatch, caplog):
    """The registry raises an error for the log of one channel. The logs of others are read, and
    that one as soon as the registry can."""
    house.registry.subscribe("d1", ["b", "c", "d"])
    eventually(lambda: house.jobs)
    house.work()
    calls, mend = broken(house.channel_catch_up, "_read", monkeypatch, lambda some, *_: "b" in some)
    house.reconciler.restored()
    house.channel_catch_up.interrupt()
    house.reconciler.restored()
    eventually(lambda: house.delivery.paused(["a", "b", "c", "d"]) == ["b"])
    go_on(calls)
    house.registry.subscribe("d1", ["e"])
    eventually(lambda: "e" in house.hub.channels(house.guest))

    assert [one for one in told(caplog) if "failed." in one] == [
        "Reading the log of channel 'b' failed. It will be tried again."
    ]
    mend()
    eventually(lambda: not house.delivery.paused(["b"]))


@pytest.mark.parametrize("name", ["subscriptions", "restore"])
def test_client_that_cannot_be_read_holds_up_no_other(house, other, monkeypatch, caplog, name):
    """The registry raises an error for one client. The other one comes to its new channel at once,
    the first one when the registry can be read."""

    def concerns(some):
        return any(one == "d1" or getattr(one[0], "digest", "") == "d1" for one in some)

    if name == "restore":
        house.registry.forget()
    calls, mend = broken(house.registry, name, monkeypatch, concerns)
    house.registry.subscribe("d1", ["b"])
    house.registry.subscribe("d2", ["b"])
    house.reconciler.restored()

    eventually(lambda: house.hub.channels(other) == {"a", "b"})
    go_on(calls)
    failed = "Reading the subscriptions of client d1 failed. It will be tried again."
    assert told(caplog) == [failed]
    mend()
    eventually(lambda: house.hub.channels(house.guest) == {"a", "b"})


def test_news_that_come_while_something_fails_are_seen_to_at_once(house, monkeypatch):
    """One log cannot be read, and a page is subscribed to another channel during the attempt. It
    comes to it in the next round, which begins at once."""
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 10 * DEADLINE)
    subscribe = house.registry.subscribe

    def fails(*_):
        if len(calls) == 1:
            subscribe("d1", ["b"])
        return True

    calls, _ = broken(house.channel_catch_up, "_read", monkeypatch, fails)
    house.delivery.pause(["a"])
    house.reconciler.recover(["a"])

    eventually(lambda: "b" in house.hub.channels(house.guest))


def test_client_that_goes_before_it_can_be_restored_is_forgotten(house, other, monkeypatch):
    """The registry has lost its data, and is away when a client is to be written again. The page
    leaves meanwhile. Nothing is kept of it once the registry is there."""
    house.registry.forget()
    calls, mend = broken(house.registry, "restore", monkeypatch, error=RegistryUnavailable)
    house.reconciler.restored()
    go_on(calls)
    house.hub.remove(other)
    mend()

    eventually(lambda: house.registry.subscriptions(["d1"])["d1"])

    assert house.registry.subscriptions(["d2"])["d2"] is None
    eventually(lambda: not house.reconciler._client_catch_up._untold)


def test_client_that_cannot_be_kept_from_expiring_holds_up_no_other(
    house, other, monkeypatch, caplog
):
    """The registry raises an error for one client, and for one channel. It keeps all others, which
    would expire else, however often it is asked."""
    for name in ("b", "c"):
        house.registry.subscribe("d2", [name])
    eventually(lambda: house.jobs)
    house.catch_up.run(other)
    kept = []

    def fails(records, channels):
        refused = "b" in channels or "d1" in [one.digest for one in records]
        if not refused:
            kept.extend([*channels, *[one.digest for one in records]])
        return refused

    _, mend = broken(house.registry, "refresh", monkeypatch, fails)
    house.reconciler.refresh()
    house.reconciler.refresh()

    assert sorted(kept) == ["a", "a", "c", "c", "d2", "d2"]
    assert told(caplog) == [
        "Keeping client d1 from expiring failed. It will be tried again.",
        "Keeping channel 'b' from expiring failed. It will be tried again.",
    ]
    mend()
    kept.clear()
    house.reconciler.refresh()
    assert len(told(caplog)) == 4
