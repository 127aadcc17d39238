"""What a registry takes and gives: pieces of logs, connections, and what it tells its process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
    """

    subscriptions: Subscriptions | None
    waiting: Sequence[str]
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class RegistryEvents:
    """What a registry tells the process in which it lives. No call blocks, none raises.

    :param deliver: a publication of a channel this process listens to; called by one thread only,
        in the order of each channel's log; a hole or a repeat may come after trouble.
    :param changed: the subscriptions of the client of this digest have changed: read them.
    :param disconnected: close the sockets (1000) of this client, or else of this session.
    :param interrupted: publications may be missing from now on.
    :param restored: listening again; read every channel and every client anew.
    """

    deliver: Callable[[Publication], None]
    changed: Callable[[str], None]
    disconnected: Callable[[str | None, str | None], None]
    interrupted: Callable[[], None]
    restored: Callable[[], None]
