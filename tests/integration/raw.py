"""A WebSocket client that can send any bytes."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
import threading
import zlib

from tests.eventually import DEADLINE
from tests.frames import NO_CHANGE, client_frame


class RawSocket:
    """An open WebSocket, whose frames the test makes itself.

    :param page: the connection id.
    :param deflate: whether deflated frames are offered, and expected to be agreed on.
    :param resume: whether ``resume`` is promised as the first message.
    :param headers: lines to add to the handshake.
    :param tls: the context of a TLS connection; None: without TLS.
    :param receive_buffer: how many bytes the kernel keeps for a client that does not read.
    """

    def __init__(
        self,
        server,
        browser,
        page,
        deflate=False,
        resume=False,
        headers=(),
        receive_buffer=None,
        tls=None,
    ):
        self._socket = socket.socket()
        if receive_buffer is not None:
            # Before connecting: the window that is announced then is never taken back.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(DEADLINE)
        self._socket.connect(("127.0.0.1", server.port))
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
        self._data = b""
        self.deflated_frames = 0
        lines = [
            f"GET /?socket_connection_id={page}{'&resume=1' if resume else ''} HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            f"Cookie: {browser.cookies()}",
            *headers,
        ]
        if deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        self.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self._data:
            self._data += self._socket.recv(65536)
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            self._socket.close()
            raise AssertionError(head)
        assert (b"permessage-deflate" in head) == deflate

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self._socket.close()

    def frame(self, opcode, payload, final=True, reserved=0, masked=True):
        first = (0x80 if final else 0) | reserved | opcode
        return client_frame(payload, first, NO_CHANGE if masked else None)

    def write(self, data):
        self._socket.sendall(data)

    def send(self, opcode, payload, **options):
        self.write(self.frame(opcode, payload, **options))

    def send_aside(self, opcode, payload, **options):
        """Send a frame on another thread, for frames that the server will not read to their end."""
        self._aside(self.frame(opcode, payload, **options))

    def send_many_aside(self, opcode, payload, count, **options):
        self._aside(self.frame(opcode, payload, **options) * count)

    def receive(self):
        """Return opcode and payload of the next frame, which must be final."""
        first, payload = self._receive()
        assert first & 0xF0 == 0x80, first
        return first & 0x0F, payload

    def receive_inflated(self):
        """Return the payload of the next frame, decompressed if it is compressed."""
        first, payload = self._receive()
        if first & 0x40:
            self.deflated_frames += 1
            payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
        return payload

    def close_code(self):
        """Read up to the close frame; return its code."""
        while True:
            opcode, payload = self.receive()
            if opcode == 8:
                return struct.unpack("!H", payload[:2])[0]

    def is_at_end(self):
        """Return whether the server ends the connection now, without an error."""
        return self._socket.recv(100) == b""

    def _aside(self, data):
        def write():
            with contextlib.suppress(OSError):
                self.write(data)

        threading.Thread(target=write, daemon=True).start()

    def _receive(self):
        first, length = self._exactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._exactly(8))
        return first, self._exactly(length)

    def _exactly(self, count):
        while len(self._data) < count:
            more = self._socket.recv(1 << 20)
            if not more:
                raise EOFError("The server ended the line.")
            self._data += more
        data, self._data = self._data[:count], self._data[count:]
        return data
