"""The connections of this process, and how far each of them is on its channels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Any, Protocol

from ..identity.keys import session_of
from ..protocol.positions import Position
from ..registries.subscriptions import MOST_LEFT, Known, Subscription

NOTHING = Known()
_NONE: dict[str, Position] = {}
_NO_PASTS: dict[str, Subscription] = {}
_NO_NAMES: dict[str, None] = {}
# How many channels that one connection has left are known until its subscriptions are read: while
# Redis is away, anybody may leave channels that do not exist.
MOST_BARRED = 1000


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
    :ivar barred: the channels that the connection has left since its subscriptions were last read:
        what was read before does not bring it onto them again.
    :ivar known: the subscriptions that the connection was given last.
    :ivar is_subscribed: whether the connection has its first subscriptions.
    :ivar is_stale: whether its subscriptions may have changed before it had them.
    :ivar sessions: further names of its browser session.
    """

    __slots__ = (
        "_left", "barred", "coming", "is_stale", "is_subscribed", "known", "pasts", "positions",
        "sessions",
    )  # fmt: skip

    def __init__(self, sessions: Collection[str] = ()) -> None:
        self.sessions = sessions
        self.positions: dict[str, Position | None] = {}
        self.coming: dict[str, Position] = {}
        # Few connections have any; all others share one dict, which stays empty.
        self.pasts = _NO_PASTS
        self.barred = _NO_NAMES
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

    def bar(self, names: Iterable[str]) -> None:
        """Keep the connection off channels until its subscriptions are read again."""
        # This has them read, since nobody else may: the registry may not know a socket yet that is
        # about to open, and then it tells of no change.
        self.is_stale = self.is_stale or not self.is_subscribed
        barred = self.barred = self.barred or {}
        barred.update(dict.fromkeys(names))
        for name in list(islice(barred, max(0, len(barred) - MOST_BARRED))):
            del barred[name]

    def admit_anew(self) -> None:
        """Bar nothing more, since the subscriptions are about to be read.

        This does nothing before the connection has its first subscriptions: those that it is about
        to get were read before it was barred.
        """
        if self.is_subscribed:
            self.barred = _NO_NAMES

    def invite(self, starts: Mapping[str, Position], pasts: Mapping[str, Subscription]) -> None:
        """Let the connection enter channels: see :meth:`.Hub.invite`."""
        for name, at in starts.items():
            if name not in self.barred:
                self.coming[name] = at if name in pasts else self.begins(name, at)
        if pasts:
            self.pasts = {**self.pasts, **pasts}

    def take_back(self, name: str) -> bool:
        """Take back the invitation to a channel; return whether there was one."""
        if name in self.pasts:
            self.pasts = {key: one for key, one in self.pasts.items() if key != name}
        return self.coming.pop(name, None) is not None

    def begun_anew(self, subscriptions: Mapping[str, Subscription]) -> set[str]:
        """Return the channels to which an earlier subscription has led: see
        :meth:`.Hub.begun_anew`."""
        return {
            name
            for name, one in subscriptions.items()
            if name in self.positions or name in self.coming
            if (noted := self.pasts.get(name)) is None or noted.past != one.past
        }

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

    def admit_anew(self, digest: str) -> None:
        """Bar the connections of one client from nothing more: see :meth:`.Member.admit_anew`."""
        for one in self.connections(digest):
            self._members[one].admit_anew()

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
