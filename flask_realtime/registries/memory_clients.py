"""The clients that a single process knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..positions import Position
from .base import Presence, Subscription
from .expiring import Expiring


class MemoryClient:
    """One client: its subscriptions, and its open connections as tokens."""

    __slots__ = ("subscriptions", "tokens")

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.tokens: set[str] = set()

    def note_sent(self, sent: Mapping[str, Position]) -> None:
        """Note how far a connection has been sent; positions do not subscribe."""
        for channel, position in sent.items():
            subscription = self.subscriptions.get(channel)
            if subscription is not None:
                self.subscriptions[channel] = Subscription(subscription.since, position)


class MemoryClients:
    """All clients by digest. A client is awaited until its first connection comes.

    Not safe for threads: the registry holds its lock around every call.
    """

    __slots__ = ("_arrived", "_awaited")

    def __init__(self, connect_timeout: float, disconnect_timeout: float) -> None:
        self._awaited: Expiring[str, MemoryClient] = Expiring(connect_timeout)
        self._arrived: Expiring[str, MemoryClient] = Expiring(disconnect_timeout)

    def get(self, digest: str, now: float) -> MemoryClient | None:
        """The client, or None."""
        return self._arrived.get(digest, now) or self._awaited.get(digest, now)

    def subscribe(self, digest: str, starts: Mapping[str, Position], now: float) -> bool:
        """Add subscriptions where there are none; True if the client has a connection."""
        client = self._arrived.get(digest, now)
        if client is None:
            client = self._awaited.get(digest, now) or MemoryClient()
            self._awaited.put(digest, client, now)
        for channel, position in starts.items():
            client.subscriptions.setdefault(channel, Subscription(position))
        return bool(client.tokens)

    def unsubscribe(self, digest: str, channels: Collection[str], now: float) -> bool:
        """Take subscriptions away; True if the client has a connection."""
        client = self.get(digest, now) or MemoryClient()
        for channel in channels:
            client.subscriptions.pop(channel, None)
        return bool(client.tokens)

    def connect(self, digest: str, token: str, now: float) -> dict[str, Subscription] | None:
        """Note a connection; the client's subscriptions, None if it was not known."""
        known = self.get(digest, now)
        client = known or MemoryClient()
        client.tokens.add(token)
        self._keep(digest, client, now)
        return None if known is None else dict(client.subscriptions)

    def disconnect(self, presence: Presence, now: float) -> None:
        """Forget a connection that is known."""
        client = self.get(presence.digest, now)
        if client is not None and presence.token in client.tokens:
            client.tokens.remove(presence.token)
            client.note_sent(presence.sent)
            self._keep(presence.digest, client, now)

    def refresh(self, presence: Presence, now: float) -> None:
        """Let a client that is known live on."""
        client = self.get(presence.digest, now)
        if client is not None:
            client.tokens.add(presence.token)
            client.note_sent(presence.sent)
            self._keep(presence.digest, client, now)

    def restore(
        self, presence: Presence, subscriptions: Mapping[str, Subscription], now: float
    ) -> None:
        """Write a client again; what it has got meanwhile stands."""
        client = self.get(presence.digest, now) or MemoryClient()
        client.subscriptions = {**subscriptions, **client.subscriptions}
        client.tokens.add(presence.token)
        client.note_sent(presence.sent)
        self._keep(presence.digest, client, now)

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget clients whose time is over, about *most*; True if there may be more."""
        dropped = self._awaited.pop_expired(now, most) + self._arrived.pop_expired(now, most)
        return len(dropped) >= most

    def _keep(self, digest: str, client: MemoryClient, now: float) -> None:
        self._awaited.pop(digest, now)
        self._arrived.put(digest, client, now)
