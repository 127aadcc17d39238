"""One WebSocket of the load client, which counts frames on a raw socket without copying them."""

from __future__ import annotations

import base64
import os
import socket
import struct
import time
import zlib

from .timestamps import note_times, receive

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
READ_BYTES = 262_144
DEADLINE = 120.0
# An address has about 28,000 ports for clients, and a port is free again only after a minute.
CLIENTS_AN_ADDRESS = 5_000


class Client:
    """One WebSocket, which counts the messages and bytes that it receives.

    :param port: the port of the server.
    :param path: the path of the socket, with its query.
    :param headers: further headers of the handshake, as pairs.
    :param deflate: whether the client offers compression.
    :param number: the number of this client in its run, which decides its source address.
    """

    __slots__ = ("_data", "_inflater", "count", "heard", "is_deflated", "received", "sock")

    def __init__(self, port, path, headers=(), deflate=False, number=0):
        source = f"127.0.0.{1 + number // CLIENTS_AN_ADDRESS}"
        self.sock = socket.create_connection(("127.0.0.1", port), DEADLINE, (source, 0))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = HANDSHAKE.format(path=path, port=port, key=key) + (DEFLATE if deflate else "")
        lines += "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.sock.sendall(f"{lines}\r\n".encode())
        self._data = b""
        self._inflater = None
        self.is_deflated = False
        self.count = self.received = 0
        #: The time, the first byte and the payload of each frame; None until :meth:`note_times`.
        self.heard = None

    def finish_handshake(self):
        """Read the response to the handshake.

        :raises ConnectionError: if its status is not 101.
        """
        while b"\r\n\r\n" not in self._data:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError(self._data[:300])
            self._data += data
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head + self._data[:300])
        self.is_deflated = b"permessage-deflate" in head
        if self.is_deflated and b"server_no_context_takeover" not in head:
            self._inflater = zlib.decompressobj(-15)
        return self

    def note_times(self):
        """Keep all frames from now on, each with the time at which the kernel received it."""
        note_times(self.sock)
        self.heard = []

    def send(self, text):
        """Send one masked text frame."""
        self.sock.sendall(frame(text.encode()))

    def next_text(self):
        """Wait for one text frame and return its text. Later frames are kept."""
        if self.heard is None:
            self.note_times()
            # The frame may have come together with the response to the handshake.
            self._take(b"", time.time())
        while not self.heard:
            self.read()
        _, first, payload = self.heard.pop(0)
        return self._text(first, payload)

    def texts(self):
        """Return a pair of the time and the text for each kept frame, and forget these frames."""
        heard, self.heard = self.heard or [], []
        return [(at, self._text(first, payload)) for at, first, payload in heard]

    def read(self):
        """Read the bytes that have come; return the number of whole messages."""
        if self.heard is None:
            data, at = self.sock.recv(READ_BYTES), 0.0
        else:
            data, at = receive(self.sock, READ_BYTES)
        if not data:
            raise ConnectionError("The server closed a socket.")
        return self._take(data, at)

    def _take(self, data, at):
        self.received += len(data)
        if self._data:
            data = self._data + data
        position, size, found = 0, len(data), 0
        are_alike = self.heard is None
        while position + 2 <= size:
            length, start = data[position + 1], position + 2
            if length == 126:
                if start + 2 > size:
                    break
                length, start = (data[start] << 8) | data[start + 1], start + 2
            elif length == 127:
                if start + 8 > size:
                    break
                length, start = struct.unpack_from("!Q", data, start)[0], start + 8
            end = start + length
            if end > size:
                break
            opcode = data[position] & 0x0F
            if opcode < 3:
                found += 1
                if self.heard is not None:
                    self.heard.append((at, data[position], data[start:end]))
                elif are_alike:
                    more = _alike(data, position, start, end) - 1
                    are_alike = more > 0
                    found += more
                    end += more * (end - position)
            elif opcode == 9:
                self.sock.sendall(frame(data[start:end], 0x8A))
            elif opcode == 8:
                raise ConnectionError(f"The server closed a socket: {data[start:end]!r}.")
            position = end
        self._data = data[position:]
        self.count += found
        return found

    def _text(self, first, payload):
        if first & 0x40:
            inflater = self._inflater or zlib.decompressobj(-15)
            payload = inflater.decompress(payload + b"\x00\x00\xff\xff")
        return payload.decode()


def frame(payload, first=0x81):
    """Return the bytes of one client frame, whose mask is zeros.

    :param first: the first byte of the frame: 0x81 for a text message.
    """
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, length)
    return head + b"\0\0\0\0" + payload


def _alike(data, position, start, end):
    """Return how many whole frames with the same head follow each other from *position* on.

    Counting them one by one would take as long as a fast server takes to send them.
    """
    size = end - position
    count = (len(data) - position) // size
    last = position + count * size
    for offset in range(position, start):
        column = data[offset:last:size]
        if column.count(column[:1]) != count:
            return 1
    return count
