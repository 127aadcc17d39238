"""Accepted handshakes, and the sockets that a node opens for them."""

import json
import math
import queue
import socket
import struct
import threading
import zlib
from contextlib import contextmanager, suppress

from flask_realtime.writing.fd import descriptor_for
from tests.eventually import DEADLINE


class Shaken:
    """A handshake that was accepted.

    :param descriptor: the socket's descriptor.
    :param while_admitted: called in the middle of the admission.
    :param connection_id: the connection id of the page.
    :param resumes: whether the client promises a ``resume``.
    :param socket_key: the secret of the browser session.
    :param identity: the user that the session belongs to.
    :param cookie: the ``Cookie`` header.
    :param deflates: whether the client takes deflated messages.
    """

    environ = {"HTTP_HOST": "localhost", "wsgi.url_scheme": "http"}  # noqa: RUF012 - only read
    address = "127.0.0.1"
    accept = b"101"
    is_given_up = False
    session_seconds = math.inf

    def __init__(
        self,
        descriptor,
        while_admitted=lambda: None,
        connection_id="an-id-of-this-page",
        resumes=False,
        socket_key="a key",
        identity=None,
        cookie="",
        deflates=False,
    ):
        self.environ = {**self.environ, "HTTP_COOKIE": cookie}
        self.descriptor = descriptor
        self.resumes = resumes
        self.socket_key = socket_key
        self.identity = identity
        self.deflates = deflates
        self._connection_id = connection_id
        self._while_admitted = while_admitted

    @property
    def connection_id(self):
        self._while_admitted()
        return self._connection_id


@contextmanager
def admitted(node, **shaken):
    """Return a connection of *node* over a real pair of sockets, before its 101 is sent."""
    ours, peer = socket.socketpair()
    with ours, peer:
        connection = node.admit(Shaken(descriptor_for(ours), **shaken))
        try:
            yield connection
        finally:
            connection.cut()
            if connection in node.connections():
                connection.receiver.closed()


class Page:
    """A page with an open socket of *node*, which is handed the page's messages whole.

    :param shaken: arguments of :class:`Shaken`.
    """

    def __init__(self, node, **shaken):
        self._ours, self._peer = socket.socketpair()
        self._peer.settimeout(DEADLINE)
        try:
            self.connection = node.admit(Shaken(descriptor_for(self._ours), **shaken))
        except BaseException:
            self._ours.close()
            self._peer.close()
            raise
        self._said = queue.SimpleQueue()
        self._thread = threading.Thread(target=lambda: self.connection.live(self._read))

    def __enter__(self):
        self._thread.start()
        assert self._peer.recv(3) == b"101"
        return self

    def __exit__(self, *exc_info):
        self._said.put(None)
        self._peer.close()
        self._thread.join(DEADLINE)
        self._ours.close()

    def say(self, action, **data):
        """Send a message; the keys of *data* stand beside its action."""
        self.send(json.dumps({"id": "1", "action": action, **data}))

    def send(self, message):
        """Send a text or bytes unchanged."""
        self._said.put(message)

    def receive(self):
        """Return the next message, parsed from JSON; or the code of a close frame."""
        first, length = self._exactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        payload = self._exactly(length)
        if first & 0x40:
            payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
        return struct.unpack("!H", payload[:2])[0] if first & 0xF == 8 else json.loads(payload)

    def receive_payloads(self, count):
        """Return the payloads of the next pushes; LOST if the client is told that messages are."""
        received = [self.receive() for _ in range(count)]
        return ["LOST" if one.get("lost") else one["payload"] for one in received]

    def drain(self, count):
        """Read *count* bytes, whatever they are; nothing else can be read of this page then."""
        self._exactly(count)

    def _read(self):
        while self.connection.is_open:
            with suppress(queue.Empty):
                message = self._said.get(timeout=0.01)
                if message is None:
                    break
                self.connection.receiver.received(message)
        return 1006

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            more = self._peer.recv(count - len(data))
            assert more, "The socket has ended."
            data += more
        return data
