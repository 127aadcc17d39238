"""The values that a registry takes and returns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import CloseCode
from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..threads import clock
from .subscriptions import Subscriptions

#: From how many ms on an end of a user counts as told late: what was granted since is to be kept.
LATE_MS = 3000
#: From how many ms on an end of a session counts as told late. Two requests that a browser sends at
#: once may reach the registry in either order, and each ends the session of before.
LATE_END_MS = 1000


@dataclass(frozen=True, slots=True)
class LogPage:
    """A piece of a channel's log.

    :param publications: what follows the cursor, in order and without a hole; there may be more.
    :param tail: the position of the log's last entry when the log was read.
    :param lost: whether the entries between the cursor and *tail* are lost, because the log no
        longer reaches back to the cursor, or has gone back. *publications* is empty then, and the
        reader goes on from *tail*.
    :param is_trimmed: whether entries are lost because the log no longer reaches back to the
        cursor; it then reaches back to no earlier position either. False if that is not known.
    """

    publications: tuple[Publication, ...]
    tail: Position
    lost: bool = False
    is_trimmed: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """One open connection, as the registry knows it.

    :param digest: the digest of the connection's client.
    :param name: the connection's name, unique within its process.
    :param sent: by channel, the position up to which the connection has been sent.
    :param opened_at: when the connection was opened, by :func:`time.monotonic` in this process;
        None: that does not matter, or a moment ago.
    """

    digest: str
    name: str
    sent: Mapping[str, Position]
    opened_at: float | None = None

    @property
    def age(self) -> int:
        """How many ms ago the connection was opened."""
        return 0 if self.opened_at is None else age_in_ms(self.opened_at)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the registry knew of a client when a connection of the client came.

    :param subscriptions: the client's subscriptions; None for a client that is not known.
    :param waiting: the items that wait for the client's browser, in order. They go on waiting.
    :param is_resumed: whether the client had a connection before this one.
    :param has_ended: whether the client's browser session, or its user, had ended before. The
        connection was not added then, and is to be closed.
    """

    subscriptions: Subscriptions | None
    waiting: Sequence[str]
    is_resumed: bool = False
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """The user whose request subscribes a client, and when the request asked for what.

    The times are those of :func:`time.monotonic` in this process. A registry compares their ages
    with the ages of what it knows of the user, so that the clocks of two machines need not agree.

    :param user: the identity of the user, percent-encoded, or a hash of it where that is long.
    :param began: when the request came.
    :param asked: for each channel that the client is to hear, when the request last asked for it;
        a channel that is left out counts as asked for now.
    """

    user: str
    began: float
    asked: Mapping[str, float]

    @property
    def age(self) -> int:
        """How many ms ago the request came."""
        return age_in_ms(self.began)

    def age_of(self, channel: str) -> int:
        """Return how many ms ago the request last asked for a channel."""
        asked = self.asked.get(channel)
        return 0 if asked is None else age_in_ms(asked)


def age_in_ms(moment: float) -> int:
    """Return how many ms ago a moment was, by :func:`time.monotonic` in this process."""
    # Rounded down, as are the times that registries keep in ms: if a request ends something and
    # then asks for it, the request is never taken for older than the end.
    return math.floor((clock.monotonic() - moment) * 1000)


@dataclass(frozen=True, slots=True)
class Disconnect:
    """An order to close the sockets of a client, of a browser session, or of a user.

    One of *digest*, *session* and *user* is given. A registry may tell its own process to close all
    sockets by an order without any of them.

    :param digest: the client's digest.
    :param session: the browser session's digest.
    :param user: the identity of the user, percent-encoded, or a hash of it where that is long.
    :param code: the WebSocket close code, such as 1000.
    :param opened_before: only sockets are closed that were opened before this time, by
        :func:`time.monotonic` in this process: for an order that this process hears of late.
    :param is_left: whether the browser of *session* has got another one for certain, since it is
        another user's or nobody's now. The same user's session may go on with its former key.
    """

    digest: str | None = None
    session: str | None = None
    user: str | None = None
    code: int = CloseCode.NORMAL
    opened_before: float = math.inf
    is_left: bool = False


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The end of a browser session: no page of it connects any more.

    :param session: the session's digest.
    :param heir: the name of the message that has ended the session itself, else empty; see
        :meth:`.Registry.end_session`.
    :param successor: the digest of the session that takes its place, if that is to live only as
        long as no earlier end becomes known; else empty.
    """

    session: str
    heir: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True)
class UserEnd:
    """The end of a user's present pages, or of their subscriptions to one channel.

    :param user: the identity of the user, percent-encoded, or a hash of it where that is long.
    :param channel: the channel; None: the pages do not connect any more.
    """

    user: str
    channel: str | None = None


#: Whatever ends at a log-out, at a ban, and when a user is put out of a channel.
End = SessionEnd | UserEnd | Disconnect


@dataclass(frozen=True, slots=True)
class RegistryEvents:
    """The functions by which a registry tells its process what has happened.

    None of them blocks, and none raises an exception.

    :param deliver: takes a publication of a channel that this process hears. Called by one thread
        only, in the order of each channel's log; after trouble with the network, publications may
        be missing or come twice.
    :param changed: takes the digest of a client whose subscriptions have changed, and have to be
        read again. If the client has left channels, it takes their names as a second argument, and
        has taken the client's connections off them when it returns; of a paused one they hear
        what was pushed before. A mapping of names says of each when that was, in ms by the
        registry's clock: a registry that loses the leave is told of it then.
    :param disconnected: takes an order to close sockets.
    :param unsubscribed: takes the identity of a user, percent-encoded or as a hash, a channel, and
        when the user was put out of it, as :meth:`.Registry.unsubscribe` takes it: no page of the
        user hears the channel any more, but for those that have asked for it since. A registry that
        does not say when has pages leave that have asked for it until this function is called.
    :param interrupted: takes no argument. Publications may be missing from now on.
    :param restored: takes no argument. The process hears everything again: read every channel and
        every client again.
    """

    deliver: Callable[[Publication], None]
    changed: Callable[..., None]
    disconnected: Callable[[Disconnect], None]
    unsubscribed: Callable[..., object]
    interrupted: Callable[[], object]
    restored: Callable[[], None]
