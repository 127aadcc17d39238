"""The connections of this process, by client, and how each stands on its channels."""

from __future__ import annotations

from typing import Any, Protocol

from ..protocol.positions import Position
from ..registries.subscriptions import MOST_LEFT, Known

NOTHING = Known()
_NONE: dict[str, Position] = {}


class Listener(Protocol):
    """What the hub knows of a connection."""

    @property
    def digest(self) -> str: ...

    @property
    def user(self) -> str | None: ...

    @property
    def outbox(self) -> Any:
        """What its frames are posted to."""


class Member:
    """How one connection stands.

    :ivar positions: by channel how far it is, or None once it hears it live.
    :ivar coming: by channel where it will begin, as soon as its worker comes to it.
    :ivar known: what it was brought to last of what its client is subscribed to.
    """

    __slots__ = ("_left", "coming", "is_stale", "is_subscribed", "known", "positions")

    def __init__(self) -> None:
        self.positions: dict[str, Position | None] = {}
        self.coming: dict[str, Position] = {}
        self.known = NOTHING
        self.is_subscribed = False
        self.is_stale = False
        self._left = _NONE

    def note_left(self, name: str, position: Position | None) -> None:
        """Note how far a channel was posted to it that it leaves."""
        if position is not None:
            left = self._left = self._left or {}
            left.pop(name, None)
            left[name] = position
            if len(left) > MOST_LEFT:
                del left[next(iter(left))]

    def begins(self, name: str, position: Position) -> Position:
        """Where it begins on a channel that its client is subscribed to from *position* on.

        Behind all that it has had of it, if it has been there: of a log that went back meanwhile,
        whose numbers it has seen with other messages, it is told then.
        """
        left = self._left.get(name, position)
        return left if left.epoch == position.epoch and left.seq >= position.seq else position


class Members:
    """Not safe for threads: the hub holds its lock around every call."""

    __slots__ = ("_clients", "_members")

    def __init__(self) -> None:
        # Nearly every client has one connection: a tuple takes a quarter of a dict.
        self._clients: dict[str, tuple[Listener, ...]] = {}
        self._members: dict[Listener, Member] = {}

    def add(self, connection: Listener) -> None:
        """Let *connection* stand on no channel yet."""
        self._clients[connection.digest] = (*self.connections(connection.digest), connection)
        self._members[connection] = Member()

    def get(self, connection: Listener) -> Member | None:
        """How it stands; None if it is not known, or not any more."""
        return self._members.get(connection)

    def pop(self, connection: Listener) -> Member | None:
        """Forget *connection*; how it stood."""
        member = self._members.pop(connection, None)
        if member is not None:
            left = tuple(one for one in self._clients[connection.digest] if one is not connection)
            if left:
                self._clients[connection.digest] = left
            else:
                del self._clients[connection.digest]
        return member

    def connections(self, digest: str | None) -> list[Listener]:
        """Those of a client, or all."""
        return list(self._members if digest is None else self._clients.get(digest, ()))

    def digests(self) -> list[str]:
        """The clients that have a connection."""
        return list(self._clients)
