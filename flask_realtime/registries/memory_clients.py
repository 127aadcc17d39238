"""The clients that a single process knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..positions import Position, new_tag
from .base import Presence, Subscription, Subscriptions
from .expiring import Expiring


class MemoryClient:
    """One client: its subscriptions, and its open connections as tokens."""

    __slots__ = ("at", "is_unknown", "latest", "subscriptions", "tokens")

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.at = Position.start()
        # Nearly every client has one connection: a tuple takes a quarter of a set.
        self.tokens: tuple[str, ...] = ()
        #: The connection that came last, while it is there.
        self.latest: str | None = None
        #: Whether none but connections have begun it, of which none has been refreshed.
        self.is_unknown = False

    def stands(self) -> Subscriptions:
        """A copy of its subscriptions."""
        return Subscriptions(self.subscriptions, self.at, self.tokens)

    def add_token(self, token: str) -> None:
        """Know one more connection."""
        if token not in self.tokens:
            self.tokens += (token,)

    def note_change(self) -> None:
        """Count a change of its subscriptions."""
        self.at = Position(self.at.epoch, self.at.seq + 1, new_tag())

    def note_sent(self, presence: Presence) -> None:
        """Note how far a connection has been sent; positions do not subscribe."""
        if self.latest not in (None, presence.token):
            return
        for channel, position in presence.sent.items():
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
        new = {name: at for name, at in starts.items() if name not in client.subscriptions}
        client.is_unknown = False
        if new:
            client.subscriptions.update((name, Subscription(at)) for name, at in new.items())
            client.note_change()
        return bool(client.tokens)

    def unsubscribe(self, digest: str, channels: Collection[str], now: float) -> bool:
        """Take subscriptions away; True if the client has a connection."""
        client = self.get(digest, now) or MemoryClient()
        gone = [client.subscriptions.pop(name, None) for name in channels]
        if any(gone):
            client.note_change()
        return bool(client.tokens)

    def connect(self, digest: str, token: str, now: float) -> Subscriptions | None:
        """Note a connection; the client's subscriptions, None if it was not known."""
        client = self.get(digest, now)
        if client is None:
            client = MemoryClient()
            client.is_unknown = True
        client.add_token(token)
        client.latest = token
        self._keep(digest, client, now)
        return None if client.is_unknown else client.stands()

    def disconnect(self, presence: Presence, now: float) -> None:
        """Forget a connection that is known."""
        client = self.get(presence.digest, now)
        if client is not None and presence.token in client.tokens:
            client.tokens = tuple(one for one in client.tokens if one != presence.token)
            client.note_sent(presence)
            if client.latest == presence.token:
                client.latest = None
            self._keep(presence.digest, client, now)

    def refresh(self, presence: Presence, now: float) -> bool:
        """Let a client live on; False if it or its connection is not known."""
        client = self.get(presence.digest, now)
        if client is None or presence.token not in client.tokens:
            return False
        client.is_unknown = False
        client.note_sent(presence)
        self._keep(presence.digest, client, now)
        return True

    def restore(self, presence: Presence, known: Subscriptions, now: float) -> Subscriptions:
        """Write a client again that was gone or has come anew; a memory never goes back."""
        client = self.get(presence.digest, now) or MemoryClient()
        if presence.token not in client.tokens:
            client.add_token(presence.token)
            client.latest = presence.token
        client.is_unknown = False
        if client.at.epoch != known.at.epoch:
            client.subscriptions = {**known, **client.subscriptions}
            client.note_change()
            client.note_sent(presence)
        self._keep(presence.digest, client, now)
        return client.stands()

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget clients whose time is over, about *most*; True if there may be more."""
        dropped = self._awaited.pop_expired(now, most) + self._arrived.pop_expired(now, most)
        return len(dropped) >= most

    def _keep(self, digest: str, client: MemoryClient, now: float) -> None:
        self._awaited.pop(digest, now)
        self._arrived.put(digest, client, now)
