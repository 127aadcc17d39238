"""The connections of this process, and how far each of them is on its channels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from ..identity.keys import session_of
from ..protocol.positions import Position
from ..registries.subscriptions import MOST_LEFT, Known, Subscription

NOTHING = Known()
_NONE: dict[str, Position] = {}
_NO_PASTS: dict[str, Subscription] = {}


class Listener(Protocol):
    """The part of a connection that the hub uses."""

    @property
    def digest(self) -> str: ...

    @property
    def user(self) -> str | None: ...

    @property
    def outbox(self) -> Any:
        """The outbox to which frames for the connection are posted."""

    def tell_left(self, channels: Collection[str]) -> None:
        """Tell the page that it has left *channels*."""


class Member:
    """One connection, and how far it is on its channels.

    :ivar positions: by channel, how far the connection is; None once it hears the channel live.
    :ivar coming: by channel, where the connection will begin, as soon as its jobs come to it.
    :ivar pasts: by channel, the subscription of the connection that began with older messages.
    :ivar known: the subscriptions that the connection was given last.
    :ivar is_subscribed: whether the connection has its first subscriptions.
    :ivar is_stale: whether its subscriptions may have changed before it had them.
    :ivar sessions: further names of its browser session.
    """

    __slots__ = (
        "_left", "coming", "is_stale", "is_subscribed", "known", "pasts", "positions", "sessions",
    )  # fmt: skip

    def __init__(self, sessions: Collection[str] = ()) -> None:
        self.sessions = sessions
        self.positions: dict[str, Position | None] = {}
        self.coming: dict[str, Position] = {}
        # Few connections have any; all others share one dict, which stays empty.
        self.pasts = _NO_PASTS
        self.known = NOTHING
        self.is_subscribed = False
        self.is_stale = False
        self._left = _NONE

    def note_left(self, name: str, position: Position | None) -> None:
        """Note that the connection leaves a channel, and the position up to which it was sent."""
        if position is not None:
            left = self._left = self._left or {}
            left.pop(name, None)
            left[name] = position
            if len(left) > MOST_LEFT:
                del left[next(iter(left))]

    def note_pasts(self, subscriptions: Mapping[str, Subscription]) -> None:
        """Note which of the channels that the connection enters begin with older messages."""
        if subscriptions:
            self.pasts = {**self.pasts, **subscriptions}

    def has_begun(self, name: str, subscription: Subscription) -> bool:
        """Return whether the connection is on a channel because of this very subscription.

        :param subscription: one that begins with older messages.
        """
        noted = self.pasts.get(name)
        return noted is not None and noted.past == subscription.past

    def begins(self, name: str, position: Position) -> Position:
        """Return where the connection begins on a channel to which it is subscribed.

        A connection that was on the channel before begins behind what it was sent then. If the log
        has gone back meanwhile, and other messages have the same numbers, reading the log after
        that position shows it.

        :param position: where the subscription begins.
        """
        left = self._left.get(name, position)
        return left if left.epoch == position.epoch and left.seq >= position.seq else position


class Members:
    """All connections of this process, by client, by browser session and by user.

    Not safe for threads: the lock of :class:`~.channels.Channels` is held around every call.
    """

    __slots__ = ("_by_client", "_by_session", "_by_user", "_members", "get")

    def __init__(self) -> None:
        # Nearly every client and session has one connection: a tuple takes a quarter of a dict.
        self._by_client: dict[str, tuple[Listener, ...]] = {}
        self._by_session: dict[str, tuple[Listener, ...]] = {}
        self._by_user: dict[str, tuple[Listener, ...]] = {}
        self._members: dict[Listener, Member] = {}
        #: Returns the member of a connection; None if it is not there. The table's own method,
        #: since a handshake asks several times, and a function around it costs as much.
        self.get: Callable[[Listener], Member | None] = self._members.get

    def add(self, connection: Listener, sessions: Collection[str] = ()) -> None:
        """Add *connection*, which is on no channel yet.

        :param sessions: names of its browser session besides the one in its digest: by the secret
            keys that the app had before, which another process may not have exchanged yet.
        """
        self._members[connection] = Member(sessions)
        for table, key in self._places(connection, sessions):
            table[key] = (*table.get(key, ()), connection)

    def pop(self, connection: Listener) -> Member | None:
        """Remove *connection*; return its member, None if it was not there."""
        member = self._members.pop(connection, None)
        if member is not None:
            for table, key in self._places(connection, member.sessions):
                left = tuple([one for one in table[key] if one is not connection])
                if left:
                    table[key] = left
                else:
                    del table[key]
        return member

    def all(self) -> list[Listener]:
        """Return all connections."""
        return list(self._members)

    def connections(self, digest: str) -> tuple[Listener, ...]:
        """Return the connections of one client."""
        return self._by_client.get(digest, ())

    def of_session(self, session: str) -> tuple[Listener, ...]:
        """Return the connections of one browser session."""
        return self._by_session.get(session, ())

    def of_user(self, user: str) -> tuple[Listener, ...]:
        """Return the connections of one user, in whatever browser sessions."""
        return self._by_user.get(user, ())

    def digests(self) -> list[str]:
        """Return the digests of the clients that have a connection."""
        return list(self._by_client)

    def _places(
        self, connection: Listener, sessions: Collection[str]
    ) -> list[tuple[dict[str, tuple[Listener, ...]], str]]:
        digest, user = connection.digest, connection.user
        places = [(self._by_client, digest)]
        # A set, because a connection that stood twice in one place could not be removed.
        places += [(self._by_session, one) for one in {session_of(digest), *sessions}]
        return places if user is None else [*places, (self._by_user, user)]
