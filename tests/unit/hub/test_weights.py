"""What a call to the registry weighs."""

from flask_realtime.hub.weights import BESIDE_CHANNELS, Weights

from .house import Guest


def test_client_weighs_as_much_as_its_connections_and_their_channels(house):
    """A client with two sockets, one of which is on a channel."""
    house.hub.add(second := Guest("d1"))
    weights = Weights(house.hub)

    assert weights.connection(house.guest) == BESIDE_CHANNELS + 1
    assert weights.connection(second) == BESIDE_CHANNELS
    assert weights.client("d1") == 3 * BESIDE_CHANNELS + 1
    assert weights.client("nobody") == BESIDE_CHANNELS
