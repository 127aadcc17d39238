"""How a process keeps thousands of clients and channels in step with its registry."""

import pytest

from flask_realtime.hub.weights import BESIDE_CHANNELS
from tests.eventually import eventually

from .house import Guest


def test_reconciler_keeps_so_many_from_expiring_at_once(house, monkeypatch):
    """Ten thousand clients are refreshed in several calls, since each call has a deadline."""
    monkeypatch.setattr("flask_realtime.hub.reconciler.REFRESHED_AT_ONCE", 1)
    monkeypatch.setattr("flask_realtime.hub.reconciler.CHANNELS_AT_ONCE", 1)
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


def test_reconciler_lets_others_run_between_connections(house, monkeypatch):
    """Thousands of connections are refreshed in one call. Others run while it is made ready."""
    pauses = []
    monkeypatch.setattr("flask_realtime.hub.client_catch_up.LOOKED_AT_AT_ONCE", 1)
    monkeypatch.setattr("flask_realtime.threads.pause.let_others_run", lambda: pauses.append(1))
    other = Guest("d2")
    house.registry.subscribe("d2", ["a"])
    house.enter(other, house.arrive(other))
    refreshed = asked_about(house.registry, "refresh")

    house.reconciler.refresh()

    assert refreshed == [2]
    assert pauses


def asked_about(registry, verb):
    """Make a registry record how many clients each call of a method is about."""
    method, counts = getattr(registry, verb), []

    def call(clients, *more):
        counts.extend([len(clients)] if clients else [])
        return method(clients, *more)

    setattr(registry, verb, call)
    return counts


@pytest.mark.parametrize(("channels", "calls"), [(1, [2]), (2, [1, 1])])
def test_pages_with_many_channels_share_a_call_with_few_others(house, monkeypatch, channels, calls):
    """Two thousand pages have 200 channels each. Each call to the registry is about few of them:
    for all at once Redis took longer than a call may, and reading the reply stopped the loop."""
    monkeypatch.setattr("flask_realtime.hub.reconciler.REFRESHED_AT_ONCE", 2 * BESIDE_CHANNELS + 3)
    monkeypatch.setattr(
        "flask_realtime.hub.client_catch_up.CLIENTS_AT_ONCE", 4 * BESIDE_CHANNELS + 3
    )
    other = Guest("d2")
    house.registry.subscribe("d2", ["a", "b"][:channels])
    house.enter(other, house.arrive(other))
    house.registry.subscribe("d1", ["a", "b"][:channels])
    eventually(lambda: len(house.hub.channels(house.guest)) == channels)
    refreshed = asked_about(house.registry, "refresh")
    read = asked_about(house.registry, "subscriptions")

    house.reconciler.refresh()
    house.reconciler.restored()

    eventually(lambda: sum(read) == 2)
    assert refreshed == read == calls
