"""Orders that a process has missed are repeated once it hears its registry again."""

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.missed_orders import MissedOrders


@pytest.fixture
def asked(house, monkeypatch):
    """The clients for which orders were asked."""
    asked = []
    monkeypatch.setattr(house.registry, "replay_disconnects", asked.append)
    return asked


def test_orders_are_asked_for_once_behind_each_loss(house, asked):
    """Nothing is asked while nothing was missed, and once for all clients if it was."""
    orders = MissedOrders(house.hub, house.registry)
    orders.replay()
    assert asked == []

    orders.note()
    orders.replay()
    orders.replay()

    assert asked == [{"d1": None}]


def test_orders_that_cannot_be_read_are_asked_for_again(house, asked, monkeypatch):
    """The registry is lost once more meanwhile."""
    orders = MissedOrders(house.hub, house.registry)
    orders.note()

    def refuse(clients):
        raise RegistryUnavailable("Away.")

    with monkeypatch.context() as patch:
        patch.setattr(house.registry, "replay_disconnects", refuse)
        with pytest.raises(RegistryUnavailable):
            orders.replay()
    orders.replay()

    assert asked == [{"d1": None}]
