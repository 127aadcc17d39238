"""A live connection over a real pair of sockets, and its peer."""

import socket
import struct
import threading
from math import inf
from typing import NamedTuple

from flask_realtime.config.settings import Config
from flask_realtime.connection.beginning import Shared
from flask_realtime.connection.connection import Connection
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.publications import Publication
from flask_realtime.threads.pool import ThreadPool
from flask_realtime.writing.fd import Descriptor, descriptor_for
from flask_realtime.writing.flusher import Flusher
from flask_realtime.writing.frames import push_frame
from tests.eventually import DEADLINE


class RegistryEvents:
    """A receiver that records what a connection hands to it."""

    def __init__(self):
        self.messages = []
        self.is_open = threading.Event()
        self.is_closed = threading.Event()
        self.times_closed = 0

    def opened(self):
        self.is_open.set()

    def received(self, message):
        self.messages.append(message)

    def closed(self):
        self.times_closed += 1
        self.is_closed.set()


class Opening(NamedTuple):
    """The handshake of a socket that no server has accepted."""

    descriptor: Descriptor
    address: str = "127.0.0.1"
    accept: bytes = b"101"
    deflates: bool = False
    session_seconds: float = inf


class Pair:
    """A connection that lives on a thread of its own, with the other end in hand."""

    def __init__(self, reached=None, flusher=None, **settings):
        ours, self.peer = socket.socketpair()
        self.ours = ours
        self.peer.settimeout(DEADLINE)
        self.detached = 0
        self.during_detach = lambda: None
        self.reached = reached or {}
        self.receiver = RegistryEvents()
        self.flusher = flusher or Flusher()
        descriptor = descriptor_for(ours)
        descriptor.take_over()
        handshake = Opening(descriptor)
        shared = Shared(self.flusher, ThreadPool(), Config(**settings), self._detach)
        self.connection = Connection(handshake, shared, "1", "d" * 64)
        self.connection.receiver = self.receiver
        self.thread = threading.Thread(target=lambda: self.connection.live(self._read), daemon=True)

    def start(self):
        self.thread.start()
        assert self.receiver.is_open.wait(DEADLINE)
        assert self.peer.recv(3) == b"101"
        return self

    def push(self, frame):
        """Deliver *frame* as the hub does."""
        self.flusher.post(frame, (self.connection.outbox,))

    def receive_frame(self):
        """Return the opcode and the payload of the next frame."""
        first, second = self._exactly(2)
        length = second
        if second == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif second == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        return first & 0x0F, self._exactly(length)

    def receive_close(self):
        """Return the code of the close frame, which must come next."""
        opcode, payload = self.receive_frame()
        assert opcode == 8
        return struct.unpack("!H", payload[:2])[0]

    def end(self):
        self.peer.close()
        assert self.receiver.is_closed.wait(DEADLINE)
        self.thread.join(DEADLINE)
        self.ours.close()

    def _read(self):
        while self.connection.reading.receive(1000):
            pass
        return 1006

    def _detach(self, connection):
        self.detached += 1
        self.during_detach()
        return self.reached

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.peer.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data


def frame(seq, payload='"hi"', channel="room"):
    """Return the frame of a push, as the hub makes it."""
    return push_frame(Publication(channel, Position("e", seq, f"t{seq}"), f"t{seq - 1}", payload))
