"""A load client that is not what is measured: raw sockets, one epoll, frames counted in place."""

from __future__ import annotations

import base64
import json
import os
import selectors
import socket
import struct
import time
import zlib

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
)
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
READ_BYTES = 262_144
DEADLINE = 120.0


class Client:
    """One WebSocket; counts what it receives."""

    __slots__ = ("_data", "_inflater", "count", "is_deflated", "received", "sock", "texts")

    def __init__(self, port, path, headers=(), deflate=False):
        self.sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = HANDSHAKE.format(path=path, port=port, key=key) + (DEFLATE if deflate else "")
        lines += "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.sock.sendall(f"{lines}\r\n".encode())
        self._data = b""
        self._inflater = None
        self.is_deflated = False
        self.count = self.received = 0
        #: The last texts, where someone asked for them.
        self.texts = None

    def finish_handshake(self):
        """Read the answer; raises if it is no 101."""
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

    def send(self, text):
        """Send one masked text frame."""
        self.sock.sendall(frame(text.encode()))

    def next_text(self):
        """Wait for one text and return it."""
        texts, self.texts = self.texts, []
        while not self.texts:
            self.read()
        text = self.texts[0]
        self.texts = texts
        return text

    def read(self):
        """Take in what has come; the number of messages in it."""
        data = self.sock.recv(READ_BYTES)
        if not data:
            raise ConnectionError("The server closed a socket.")
        self.received += len(data)
        if self._data:
            data = self._data + data
        position, size, found = 0, len(data), 0
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
            if start + length > size:
                break
            opcode = data[position] & 0x0F
            if opcode < 3:
                found += 1
                if self.texts is not None:
                    self.texts.append(self._text(data[position], data[start : start + length]))
            elif opcode == 9:
                self.sock.sendall(frame(data[start : start + length], 0x8A))
            position = start + length
        self._data = data[position:]
        self.count += found
        return found

    def _text(self, first, payload):
        if first & 0x40:
            inflater = self._inflater or zlib.decompressobj(-15)
            payload = inflater.decompress(payload + b"\x00\x00\xff\xff")
        return payload.decode()


class Crowd:
    """Many clients, read by one loop."""

    def __init__(self, clients):
        self.clients = list(clients)
        self._selector = selectors.DefaultSelector()
        for client in self.clients:
            self._selector.register(client.sock, selectors.EVENT_READ, client)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self._selector.close()
        for client in self.clients:
            client.sock.close()

    def read_until(self, count, on_read=None):
        """Read until each client has had *count* messages in all; when the last one came."""
        deadline = time.monotonic() + DEADLINE
        left = sum(1 for client in self.clients if client.count < count)
        while left:
            if time.monotonic() > deadline:
                behind = min(client.count for client in self.clients)
                raise TimeoutError(f"{left} clients have not had {count}; one has {behind}.")
            for key, _ in self._selector.select(1):
                client = key.data
                had = client.count
                client.read()
                if on_read is not None:
                    on_read(client)
                if had < count <= client.count:
                    left -= 1
        return time.monotonic()

    def settle(self, seconds=0.3):
        """Read what comes until nothing has for a while; start counting anew."""
        while self._selector.select(seconds):
            for key, _ in self._selector.select(0):
                key.data.read()
        for client in self.clients:
            client.count = client.received = 0

    @property
    def received(self):
        return sum(client.received for client in self.clients)


class Http:
    """One keep-alive connection."""

    def __init__(self, port):
        self._port = port
        self.sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.headers = {}

    def request(self, path, method="GET", **headers):
        """The headers (lower case) and body of the answer, which must be a 2xx."""
        self.send(path, method, **headers)
        return self.answer()

    def send(self, path, method="GET", **headers):
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", "Content-Length: 0"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("The server closed a connection.")
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        while len(body) < int(headers.get("content-length", 0)):
            body += self.sock.recv(65536)
        if not lines[0].startswith("HTTP/1.1 2"):
            raise ConnectionError(f"{lines[0]}: {body[:500]!r}")
        return headers, body


def frame(payload, first=0x81):
    """One frame as a client sends it; a mask of zeros is a mask."""
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, length)
    return head + b"\0\0\0\0" + payload


def post(port, path):
    """One request on a connection of its own; its JSON, if it has a body."""
    http = Http(port)
    _, body = http.request(path, "POST")
    http.sock.close()
    return json.loads(body) if body else None
