"""An outbox over a real pair of sockets, and a record of its owner's calls."""

import contextlib
import socket
import threading

from flask_realtime.writing.fd import descriptor_for
from flask_realtime.writing.outbox import Outbox
from tests.eventually import DEADLINE


class Line:
    """An outbox, its peer, and an owner that records its calls.

    :param lock: the lock that the outbox shares with others.
    :param when_told: what the owner does when it is told something.
    :param session: the browser session whose connection it is.
    """

    # Longer than any test.
    stall_seconds = 1000.0

    def __init__(
        self, lock=None, limit=1000, deflates=False, when_told=lambda: None, session="5" * 32
    ):
        self.digest = "a" * 32 + session
        self.ours, self.peer = socket.socketpair()
        self.peer.settimeout(DEADLINE)
        self.told = []
        self.is_told = threading.Event()
        self._when_told = when_told
        descriptor = descriptor_for(self.ours)
        descriptor.take_over()
        self.outbox = Outbox(
            descriptor, lock or threading.Lock(), self, deflates=deflates, limit=limit
        )

    def fill(self):
        """Send until the kernel accepts no more."""
        while True:
            try:
                self.ours.send(b"x" * 65536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return

    def read(self):
        """Return all that has arrived at the peer."""
        data = b""
        self.peer.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while more := self.peer.recv(1_000_000):
                data += more
        self.peer.settimeout(DEADLINE)
        return data

    def receive(self, size):
        """Return the next *size* bytes at the peer."""
        data = b""
        while len(data) < size:
            more = self.peer.recv(size - len(data))
            assert more, "the line ended"
            data += more
        return data

    def close(self):
        self.ours.close()
        self.peer.close()

    def cut(self):
        self._tell("cut")

    def give_up(self, why):
        self._tell(why)

    def _tell(self, what):
        self.told.append(what)
        self.is_told.set()
        self._when_told()
