"""What a registry takes and gives: pages of logs, connections, and what it tells its process."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import CloseCode
from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..threads import clock
from .subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class LogPage:
    """A piece of a channel's log.

    :param publications: what follows the cursor, in order and without a hole; there may be more.
    :param tail: the position of the log's last entry when the log was read.
    :param lost: whether what lies between the cursor and *tail* cannot be had, because the log no
        longer reaches back to the cursor or has gone back. Then *publications* is empty, and the
        reader goes on from *tail*.
    :param is_trimmed: whether it is lost because the log no longer reaches back to the cursor, nor
        to any position before it; False if that is not known.
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
    """

    digest: str
    name: str
    sent: Mapping[str, Position]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the registry knew of a client when a connection of the client came.

    :param subscriptions: the client's; None for a client that is not known.
    :param waiting: the items that wait for the client's browser, in order. They go on waiting.
    :param is_resumed: whether the client had a connection before this one.
    :param has_ended: whether the client's browser session had ended before, or its user. Then
        nothing of the connection was noted, and it is to be closed.
    """

    subscriptions: Subscriptions | None
    waiting: Sequence[str]
    is_resumed: bool = False
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """Whose request subscribes a client, and when the request asked for what.

    The moments are of :func:`.clock.monotonic`. A registry compares their ages with the ages of
    what it knows of the user, so that the clocks of two machines need not agree.

    :param user: the identity of the user, percent-encoded.
    :param began: when the request came.
    :param asked: by channel that the client is to hear, when the request asked for it last; one
        that is left out counts as asked for now.
    """

    user: str
    began: float
    asked: Mapping[str, float]

    @property
    def age(self) -> int:
        """How many ms ago the request came."""
        return _age(self.began)

    @property
    def ages(self) -> dict[str, int]:
        """By channel, how many ms ago the request asked for it."""
        return {name: _age(moment) for name, moment in self.asked.items()}


def _age(moment: float) -> int:
    # Rounded down, as the moments are that registries keep in ms: so what a request ends, and then
    # asks for, is never taken for older than its end.
    return math.floor((clock.monotonic() - moment) * 1000)


@dataclass(frozen=True, slots=True)
class Disconnect:
    """An order to close sockets: those of a client, of a browser session, or of a user.

    :param digest: the client's digest.
    :param session: the browser session's digest.
    :param user: the identity of the user, percent-encoded.
    :param code: the code with which the sockets are closed.
    """

    digest: str | None = None
    session: str | None = None
    user: str | None = None
    code: int = CloseCode.NORMAL


@dataclass(frozen=True, slots=True)
class RegistryEvents:
    """The functions by which a registry tells its process what has happened.

    None of them blocks, and none raises an exception.

    :param deliver: takes a publication of a channel that this process hears. Called by one thread
        only, in the order of each channel's log; after trouble with the network, publications may
        be missing or come twice.
    :param changed: takes the digest of a client whose subscriptions have changed: read them.
    :param disconnected: takes an order to close sockets.
    :param unsubscribed: takes a user, percent-encoded, and a channel: all pages of the user are to
        hear the channel no more.
    :param interrupted: takes nothing. Publications may be missing from now on.
    :param restored: takes nothing. The process hears everything again: read every channel and every
        client anew.
    """

    deliver: Callable[[Publication], None]
    changed: Callable[[str], None]
    disconnected: Callable[[Disconnect], None]
    unsubscribed: Callable[[str, str], None]
    interrupted: Callable[[], None]
    restored: Callable[[], None]
