"""How one socket is read: in turns with others, and not while too much of it waits."""

from __future__ import annotations

from ..threads import clock
from ..threads.turns import Turns
from ..writing.fd import Descriptor
from .limits import PendingLimit

# How often a socket that is not read looks whether it is to be read again.
WAIT_SECONDS = 1.0


class Reading:
    """Reads the fd of one socket, on the thread of its request.

    :param descriptor: the fd.
    :param pending: how much of the socket may wait to be handled.
    :param turns: those of all sockets of the process.
    """

    __slots__ = (
        "_began",
        "_descriptor",
        "_is_ended",
        "is_active",
        "last_heard",
        "pending",
        "turns",
    )

    def __init__(self, descriptor: Descriptor, pending: PendingLimit, turns: Turns) -> None:
        self._descriptor = descriptor
        self._is_ended = False
        self.pending = pending
        self.turns = turns
        #: Whether the peer's bytes are awaited; not before the 101, which nothing may overtake.
        self.is_active = False
        #: When the peer's last bytes came.
        self.last_heard = self._began = clock.monotonic()

    def begin(self) -> None:
        """Begin to wait for the peer's bytes."""
        self.last_heard = self._began = clock.monotonic()
        self.is_active = True

    def end(self) -> None:
        """Read nothing more; whoever waits until less is pending waits no longer."""
        self._is_ended = True
        self.pending.wake()

    def receive(self, size: int) -> bytes:
        """Wait for the peer's next bytes.

        :param size: how many there may be.
        :returns: no bytes when the peer has ended, and once we have said good-bye.
        """
        self.turns.end(self._began)
        data = b"" if self._is_ended else self._descriptor.receive(size)
        self.last_heard = self._began = self.turns.begin()
        return data

    def yield_turn(self) -> None:
        """Let others run, if the reading of all sockets has gone on for a turn without a pause."""
        self.turns.end(self._began)
        self._began = self.turns.begin()

    def wait_for_handling(self) -> None:
        """Wait while too much of what was read waits to be handled.

        Meanwhile the peer is not read, so that its silence says nothing about it.
        """
        if not self.pending.is_full:
            return
        self.turns.end(self._began)
        while self.pending.is_full and not self._is_ended:
            self.is_active = False
            self.pending.wait(WAIT_SECONDS)
        self.begin()
