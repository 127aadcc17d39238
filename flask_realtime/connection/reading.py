"""How one socket is read: in turns with others, and not while too much of it waits."""

from __future__ import annotations

from ..threads import clock
from ..threads.pause import let_others_run
from ..writing.fd import Descriptor
from .limits import PendingLimit

# Under gevent a peer that sends faster than we read never makes us wait: then nobody else would
# run, and one client could hold up all others.
TURN_SECONDS = 0.005
# How often a socket that is not read looks whether it is to be read again.
WAIT_SECONDS = 1.0


class Reading:
    """Reads the fd of one socket, on the thread of its request.

    :param descriptor: the fd.
    :param pending: how much of the socket may wait to be handled.
    """

    __slots__ = ("_descriptor", "_is_ended", "_turn_began", "is_active", "last_heard", "pending")

    def __init__(self, descriptor: Descriptor, pending: PendingLimit) -> None:
        self._descriptor = descriptor
        self._is_ended = False
        self.pending = pending
        #: Whether the peer's bytes are awaited; not before the 101, which nothing may overtake.
        self.is_active = False
        #: When the peer's last bytes came.
        self.last_heard = self._turn_began = clock.monotonic()

    def begin(self) -> None:
        """Begin to wait for the peer's bytes."""
        self.last_heard = clock.monotonic()
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
        began = self.yield_turn()
        data = b"" if self._is_ended else self._descriptor.receive(size)
        self.last_heard = clock.monotonic()
        if self.last_heard - began > TURN_SECONDS:
            self._turn_began = self.last_heard
        return data

    def yield_turn(self) -> float:
        """Let others run, if reading has gone on for a turn without a pause; return the time."""
        now = clock.monotonic()
        if now - self._turn_began > TURN_SECONDS:
            let_others_run()
            now = self._turn_began = clock.monotonic()
        return now

    def wait_for_handling(self) -> None:
        """Wait while too much of what was read waits to be handled.

        Meanwhile the peer is not read, so that its silence says nothing about it.
        """
        while self.pending.is_full and not self._is_ended:
            self.is_active = False
            self.pending.wait(WAIT_SECONDS)
        self.begin()
