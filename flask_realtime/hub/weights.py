"""What clients and connections weigh in a call to the registry."""

from __future__ import annotations

from .hub import Hub
from .members import Listener

# A client or connection weighs as much as its channels, and a little more.
BESIDE_CHANNELS = 8


class Weights:
    """Weighs clients and connections, so that calls to the registry are of like size.

    :param hub: knows the channels of each connection.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def connection(self, connection: Listener) -> int:
        """Return what a connection weighs."""
        return BESIDE_CHANNELS + len(self._hub.channels(connection))

    def client(self, digest: str) -> int:
        """Return what a client weighs, with all its connections."""
        return BESIDE_CHANNELS + sum(map(self.connection, self._hub.connections(digest)))
