"""The connections of this process, by client, and how each stands on its channels."""

from __future__ import annotations

from typing import Protocol

from .positions import Position


class Listener(Protocol):
    """What the hub knows of a connection."""

    @property
    def digest(self) -> str: ...

    @property
    def session_digest(self) -> str: ...


class Standing:
    """How one connection stands.

    :ivar positions: by channel how far it is, or None once it hears it live.
    :ivar coming: by channel where it will begin, as soon as its worker comes to it.
    :ivar at: which of its client's subscriptions it was brought to last.
    """

    __slots__ = ("at", "coming", "is_stale", "is_subscribed", "positions")

    def __init__(self) -> None:
        self.positions: dict[str, Position | None] = {}
        self.coming: dict[str, Position] = {}
        self.at: Position | None = None
        self.is_subscribed = False
        self.is_stale = False


class Standings:
    """Not safe for threads: the hub holds its lock around every call."""

    __slots__ = ("_clients",)

    def __init__(self) -> None:
        self._clients: dict[str, dict[Listener, Standing]] = {}

    def add(self, connection: Listener) -> None:
        """Let *connection* stand on no channel yet."""
        self._clients.setdefault(connection.digest, {})[connection] = Standing()

    def get(self, connection: Listener) -> Standing | None:
        """How it stands; None if it is not known, or not any more."""
        return self._clients.get(connection.digest, {}).get(connection)

    def pop(self, connection: Listener) -> Standing | None:
        """Forget *connection*; how it stood."""
        client = self._clients.get(connection.digest, {})
        standing = client.pop(connection, None)
        if not client:
            self._clients.pop(connection.digest, None)
        return standing

    def connections(self, digest: str | None) -> list[Listener]:
        """Those of a client, or all."""
        if digest is not None:
            return list(self._clients.get(digest, ()))
        return [one for client in self._clients.values() for one in client]

    def digests(self) -> list[str]:
        """The clients that have a connection."""
        return list(self._clients)
