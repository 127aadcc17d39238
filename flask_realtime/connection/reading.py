"""Reads one socket: in turns with others, and not while too many of its messages wait."""

from __future__ import annotations

from collections.abc import Callable

from ..threads import clock
from ..threads.time_slice import TimeSlice
from ..writing.fd import Descriptor
from .limits import PendingLimit

# How often the reader of a socket that is not read looks whether it may read again, and whether the
# peer has gone.
WAIT_SECONDS = 1.0


class Reading:
    """Reads the fd of one socket, on the thread of the socket's request.

    :param descriptor: the fd.
    :param pending: counts the messages of the socket that wait to be handled.
    :param time_slice: shared by the readers of all sockets of the process.
    """

    __slots__ = (
        "_began",
        "_descriptor",
        "_is_ended",
        "_put_off",
        "is_active",
        "last_heard",
        "pending",
        "time_slice",
    )

    def __init__(
        self, descriptor: Descriptor, pending: PendingLimit, time_slice: TimeSlice
    ) -> None:
        self._descriptor = descriptor
        self._is_ended = False
        self._put_off: Callable[[], None] | None = None
        self.pending = pending
        self.time_slice = time_slice
        #: Whether the peer's silence counts: not before the 101, and not while the socket is not
        #: read.
        self.is_active = False
        #: The moment at which the peer's last bytes came.
        self.last_heard = self._began = clock.monotonic()

    def begin(self) -> None:
        """Begin to wait for the peer's bytes."""
        self.last_heard = self._began = clock.monotonic()
        self.is_active = True

    def end(self) -> None:
        """Read nothing more, and wake a reader that waits until fewer messages are pending."""
        self._is_ended = True
        self.pending.wake()

    def receive(self, size: int) -> bytes:
        """Wait for the peer's next bytes.

        :param size: how many bytes are returned at the most.
        :returns: the bytes; none once the peer has ended the connection, or :meth:`end` was called.
        """
        self.time_slice.end(self._began)
        data = b"" if self._is_ended else self._descriptor.receive(size)
        self.last_heard = self._began = self.time_slice.begin()
        return data

    def yield_turn(self) -> None:
        """Let others run, if the readers of all sockets have used up their time slice."""
        self.time_slice.end(self._began)
        self._began = self.time_slice.begin()

    def when_there_is_room(self, run: Callable[[], None]) -> None:
        """Call *run* now or, if too many messages of the socket wait to be handled, in
        :meth:`settle`."""
        if self.pending.is_full:
            self._put_off = run
        else:
            run()

    def settle(self) -> None:
        """Do what was put off, once there is room for it.

        To be called before more is read, when the reader keeps nothing of the message before: its
        text may take four times as much memory as the bytes that are to be handled.
        """
        run, self._put_off = self._put_off, None
        if run is not None:
            self.wait_for_handling()
            run()

    def wait_for_handling(self) -> None:
        """Wait while too many messages of the socket wait to be handled, and the peer is there.

        The peer is not read meanwhile, so that its silence does not count.
        """
        if not self.pending.is_full:
            return
        self.time_slice.end(self._began)
        while self.pending.is_full and not self._is_ended:
            self.is_active = False
            self.pending.wait(WAIT_SECONDS)
            if self._descriptor.has_peer_ended():
                self.end()
        self.begin()
