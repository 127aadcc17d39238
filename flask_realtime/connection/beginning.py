"""What a connection begins with: its opening handshake, and what it shares with the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..config.settings import Config
from ..protocol.positions import Position
from ..threads.pool import ThreadPool
from ..writing.fd import Descriptor
from ..writing.flusher import Flusher

if TYPE_CHECKING:
    from .connection import Connection


class OpeningHandshake(Protocol):
    """The opening handshake of one WebSocket, which the server has accepted."""

    @property
    def descriptor(self) -> Descriptor:
        """The socket's fd."""

    @property
    def address(self) -> str:
        """Where the peer is, for the log."""

    @property
    def accept(self) -> bytes:
        """The answer (101), which is written before anything else."""

    @property
    def deflates(self) -> bool:
        """Whether the peer takes deflated frames."""

    @property
    def session_seconds(self) -> float:
        """After how many seconds the user's session ends by itself."""


class Shared(NamedTuple):
    """What all connections of one process share.

    :param flusher: writes what is sent.
    :param threads: the threads on which messages are handled.
    :param config: the app's settings.
    :param detach: takes a connection off its channels, once; returns how far pushes were posted to
        it, by channel.
    """

    flusher: Flusher
    threads: ThreadPool
    config: Config
    detach: Callable[[Connection], Mapping[str, Position]]
