"""The clients that a single process knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from ...errors import TooManyChannels
from ...protocol.starts import Start, Starts, as_start
from ...threads import clock
from ..expiring import ExpiringDict
from ..lifetimes import Lifetimes
from ..records import ConnectionRecord
from ..subscriptions import MOST_LEFT, Known, Subscription, Subscriptions
from .sessions import MemoryUsers

_NONE_LEFT: dict[str, int] = {}
# Added to the time, so that moments of long ago are above 0 in a machine that was just started.
_BEFORE_START_SECONDS = 10**9


def moment_of(time: float) -> int:
    """Return a time by :func:`.clock.monotonic` as a moment: ms of a clock that is never set back.

    Whatever happens to clients, sessions and users is ordered by such moments.
    """
    return int((time + _BEFORE_START_SECONDS) * 1000)


def present_moment() -> int:
    """Return the present moment: see :func:`moment_of`."""
    return moment_of(clock.monotonic())


def moments_in(channels: Collection[str] | Mapping[str, int]) -> dict[str, int]:
    """Return the moments that :meth:`.Registry.unsubscribe` is given; none for mere names."""
    dated = channels.items() if isinstance(channels, Mapping) else ()
    return {name: at if at > 0 else present_moment() + at for name, at in dated}


class MemoryClient:
    """One client: its subscriptions, and the names of its open connections."""

    __slots__ = (
        "at", "began", "connections", "forgotten", "is_unknown", "latest", "left", "subscriptions",
    )  # fmt: skip

    def __init__(self, began: int | None = None) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        #: When the subscriptions last changed, as a moment.
        self.at = 0
        #: When the client was first heard of, or the request that made it came, as a moment.
        self.began = present_moment() if began is None else began
        # Few clients have left a channel; all others share one dict, which stays empty.
        self.left = _NONE_LEFT
        self.forgotten = 0
        # Most clients have one connection: a tuple takes a quarter of a set's memory.
        self.connections: tuple[str, ...] = ()
        #: The name of the latest connection, as long as it is there.
        self.latest: str | None = None
        #: Whether connect() made this client, and none of its connections was refreshed yet.
        self.is_unknown = False

    @property
    def is_blank(self) -> bool:
        """Whether the client holds nothing, so that it can be forgotten."""
        return not (self.subscriptions or self.connections or self.left or self.forgotten)

    def stands(self) -> Subscriptions:
        """Return a copy of the subscriptions."""
        return Subscriptions(self.subscriptions, self.connections, self.left, self.forgotten)

    def enter(self, channel: str, start: Start, moment: int, asked: int) -> None:
        """Subscribe to *channel*; a subscription that is there already keeps its place.

        :param asked: when a request asked for it, as a moment.
        """
        known = self.subscriptions.get(channel)
        if known is None:
            since = start.since
            assert since is not None
            lag = max(0, moment - asked)
            one = Subscription(since, None, moment, start.past, start.by_view, lag)
        else:
            by_view = known.by_view and start.by_view
            lag = max(0, moment - max(asked, known.asked))
            one = replace(known, moment=moment, by_view=by_view, lag=lag)
        self.subscriptions[channel] = one
        if channel in self.left:
            self.left = {name: at for name, at in self.left.items() if name != channel}

    def leave(self, moments: Mapping[str, int]) -> None:
        """Unsubscribe from channels, and remember when.

        :param moments: for each channel, when the client left it, as a moment.
        """
        for channel in moments:
            self.subscriptions.pop(channel, None)
        self.left = {**self.left, **moments}
        if len(self.left) > MOST_LEFT:
            self.forgotten = max(self.forgotten, *self.left.values())
            self.left = _NONE_LEFT

    def stands_at(self, channel: str) -> int:
        """Return when the client subscribed to *channel* or left it, as a moment; 0: never."""
        known = self.subscriptions.get(channel)
        if known is not None:
            return known.moment
        return max(self.left.get(channel, 0), self.forgotten)

    def add_connection(self, name: str) -> None:
        """Add a connection, if it is not there yet."""
        if name not in self.connections:
            self.connections += (name,)

    def note_change(self, moment: int = 0) -> int:
        """Note that the subscriptions change now; return the time of the change.

        :param moment: the change is no earlier than this, in any case.
        """
        self.at = max(present_moment(), self.at + 1, moment)
        return self.at

    def note_sent(self, record: ConnectionRecord) -> None:
        """Note how far a connection was sent on the channels that the client is subscribed to."""
        if self.latest not in (None, record.name):
            return
        for channel, position in record.sent.items():
            subscription = self.subscriptions.get(channel)
            if subscription is not None:
                self.subscriptions[channel] = Subscription(
                    subscription.since,
                    position,
                    subscription.moment,
                    subscription.past,
                    subscription.by_view,
                    subscription.lag,
                )


class MemoryClients:
    """All clients by digest. A client counts as awaited until its first connection comes.

    Not safe for threads: the registry holds its lock around every call.

    :param most_channels: to how many channels one client may be subscribed.
    """

    __slots__ = ("_arrived", "_awaited", "_most_channels")

    def __init__(self, lifetimes: Lifetimes, most_channels: int) -> None:
        self._most_channels = most_channels
        self._awaited: ExpiringDict[str, MemoryClient] = ExpiringDict(lifetimes.awaited_client)
        self._arrived: ExpiringDict[str, MemoryClient] = ExpiringDict(lifetimes.client)

    def get(self, digest: str, now: float) -> MemoryClient | None:
        """Return the client, or None."""
        return self._arrived.get(digest, now) or self._awaited.get(digest, now)

    def check_limit(self, digest: str, channels: Collection[str], now: float) -> None:
        """Check that the client may be subscribed to *channels* too.

        :raises TooManyChannels: if they would be too many.
        """
        client = self.get(digest, now)
        subscribed = set() if client is None else client.subscriptions.keys()
        if len(subscribed | set(channels)) > self._most_channels:
            raise TooManyChannels(len(subscribed), self._most_channels)

    def subscribe(
        self, digest: str, starts: Starts, began: int, asked: Mapping[str, int], now: float
    ) -> bool:
        """Add missing subscriptions; return whether the client has a connection.

        :param began: when a client that is not known yet began, as a moment.
        :param asked: by channel, when a request asked for it, as a moment; others: now.
        """
        client = self._arrived.get(digest, now)
        if client is None:
            client = self._awaited.get(digest, now) or MemoryClient(began)
            self._awaited.put(digest, client, now)
        if client.is_unknown:
            client.is_unknown = False
            client.began = min(client.began, began)
        moment = client.note_change(max(asked.values(), default=0))
        for name, start in starts.items():
            client.enter(name, as_start(start), moment, asked.get(name, moment))
        return bool(client.connections)

    def unsubscribe(self, digest: str, channels: Collection[str], now: float) -> bool:
        """End subscriptions; return whether the client has a connection."""
        client = self.get(digest, now)
        if client is None:
            client = MemoryClient()
            client.is_unknown = True
        if self._arrived.get(digest, now) is None:
            self._awaited.put(digest, client, now)
        client.leave(dict.fromkeys(channels, client.note_change()))
        return bool(client.connections)

    def subscribed_before(self, digest: str, until: Mapping[str, int], now: float) -> list[str]:
        """Return the channels that the client did not ask for later than at a moment."""
        client = self.get(digest, now)
        on = {} if client is None else client.subscriptions
        return [name for name, at in until.items() if name not in on or on[name].asked <= at]

    def has_arrived(self, digest: str, now: float) -> bool:
        """Return whether the client has, or had, a connection."""
        return self._arrived.get(digest, now) is not None

    def admit(self, digest: str, user: str, began: int, users: MemoryUsers, now: float) -> bool:
        """End a client's subscriptions to channels that its user was put out of.

        :param began: when the client began if it is not known, as a moment; 0: it is new.
        :returns: False if the user was disconnected after the client began.
        """
        client = self.get(digest, now)
        if client is not None:
            began = min(client.began, began) if client.is_unknown and began else client.began
        if 0 < began <= users.ended_at(user, now):
            return False
        if client is None:
            return True
        lost = users.lost(user, client.subscriptions, now)
        if lost:
            self.unsubscribe(digest, lost, now)
        return True

    def connect(self, digest: str, name: str, now: float, began: int = 0) -> Subscriptions | None:
        """Add a connection; return the client's subscriptions, None if it was not known.

        :param began: when a client that is not known began, as a moment; 0: now.
        """
        client = self.get(digest, now)
        if client is None:
            client = MemoryClient(began or None)
            client.is_unknown = True
        elif client.is_unknown and began:
            client.began = min(client.began, began)
        client.add_connection(name)
        client.latest = name
        self._keep(digest, client, now)
        return None if client.is_unknown else client.stands()

    def forget_connection(self, record: ConnectionRecord, now: float) -> None:
        """Remove a connection; forget a client without subscriptions when its last one leaves."""
        client = self.get(record.digest, now)
        if client is None or record.name not in client.connections:
            return
        client.connections = tuple(one for one in client.connections if one != record.name)
        client.note_sent(record)
        if client.latest == record.name:
            client.latest = None
        if client.is_blank:
            self.drop(record.digest, now)
        else:
            self._keep(record.digest, client, now)

    def refresh(self, record: ConnectionRecord, now: float) -> bool:
        """Keep a client from expiring; return False if it or its connection is not known."""
        client = self.get(record.digest, now)
        if client is None or record.name not in client.connections:
            return False
        client.is_unknown = False
        client.note_sent(record)
        self._keep(record.digest, client, now)
        return True

    def restore(self, record: ConnectionRecord, known: Known, now: float) -> Subscriptions:
        """Write a client again that was lost, or that was created anew meanwhile."""
        client = self.get(record.digest, now) or MemoryClient(present_moment() - record.age)
        if record.name not in client.connections:
            client.add_connection(record.name)
            client.latest = record.name
        client.is_unknown = False
        for name, one in known.subscriptions(record.sent).items():
            if client.stands_at(name) < one.moment:
                client.enter(name, one.start, one.moment, one.asked)
        left = {name: at for name, at in known.left.items() if client.stands_at(name) < at}
        if left:
            client.leave(left)
        client.at = max(client.at, 0, *known.moments.values(), *known.left.values())
        client.note_sent(record)
        self._keep(record.digest, client, now)
        return client.stands()

    def drop(self, digest: str, now: float) -> None:
        """Forget a client."""
        self._awaited.pop(digest, now)
        self._arrived.pop(digest, now)

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget expired clients, about *most*; return True if there may be more."""
        dropped = self._awaited.pop_expired(now, most) + self._arrived.pop_expired(now, most)
        return len(dropped) >= most

    def _keep(self, digest: str, client: MemoryClient, now: float) -> None:
        self._awaited.pop(digest, now)
        self._arrived.put(digest, client, now)
