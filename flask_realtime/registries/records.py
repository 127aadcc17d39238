"""What a registry takes and gives: pieces of logs, connections, and what it tells its process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import CloseCode
from ..protocol.positions import Position
from ..protocol.publications import Publication
from .subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class LogPage:
    """A piece of a channel's log.

    :param publications: what follows the cursor, in order, without a hole; may stop early.
    :param tail: the position of the log's last entry, at the moment of reading.
    :param lost: the log no longer reaches back to the cursor, or it went back: what lies between
        the cursor and *tail* can't be had; *publications* is empty, and one goes on from *tail*.
    :param is_trimmed: it is lost since the log no longer reaches back, to this cursor or to any
        before it; False if that is not known.
    """

    publications: tuple[Publication, ...]
    tail: Position
    lost: bool = False
    is_trimmed: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """One open connection, as the registry knows it.

    :param digest: its client.
    :param name: names process and connection.
    :param sent: by channel, how far it has been sent.
    """

    digest: str
    name: str
    sent: Mapping[str, Position]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was known of a client when a connection of it came.

    :param subscriptions: how it stands; None for a client not known.
    :param waiting: what waits for its browser, in order; it goes on waiting.
    :param is_resumed: whether the client had a connection before this one.
    :param has_ended: the client's browser session, or what its user may hear, was ended before:
        nothing of the connection was noted, and it is to be closed.
    """

    subscriptions: Subscriptions | None
    waiting: Sequence[str]
    is_resumed: bool = False
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class Disconnect:
    """An order to close sockets: those of a client, of a browser session, or of a user.

    :param digest: names the client.
    :param session: names the browser session.
    :param user: the identity of the user, percent-encoded.
    :param code: with which the sockets are closed.
    """

    digest: str | None = None
    session: str | None = None
    user: str | None = None
    code: int = CloseCode.NORMAL


@dataclass(frozen=True, slots=True)
class RegistryEvents:
    """What a registry tells the process in which it lives. No call blocks, none raises.

    :param deliver: a publication of a channel this process listens to; called by one thread only,
        in the order of each channel's log; a hole or a repeat may come after trouble.
    :param changed: the subscriptions of the client of this digest have changed: read them.
    :param disconnected: close these sockets.
    :param unsubscribed: all pages of this user are to hear this channel no more.
    :param interrupted: publications may be missing from now on.
    :param restored: listening again; read every channel and every client anew.
    """

    deliver: Callable[[Publication], None]
    changed: Callable[[str], None]
    disconnected: Callable[[Disconnect], None]
    unsubscribed: Callable[[str, str], None]
    interrupted: Callable[[], None]
    restored: Callable[[], None]
