"""A small HTTP client, on one connection that is kept alive."""

from __future__ import annotations

import json
import socket

from .client import DEADLINE


class Http:
    """One HTTP connection that is kept alive.

    :param port: the port of the server.
    """

    def __init__(self, port):
        self._port = port
        self._left = b""
        self._connect()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.sock.close()

    def request(self, path, **headers):
        """Request *path* with GET.

        :returns: the headers of the response, with names in lower case, and its body.
        :raises ConnectionError: if the status is not 2xx.
        """
        self.sock.sendall(self.question(path, **headers))
        headers, body = self.answer()
        if headers.get("connection") == "close":
            # Flask's development server closes the connection after each response.
            self.sock.close()
            self._connect()
        return headers, body

    def question(self, path, **headers):
        """Return the bytes of a GET request."""
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        if "set-cookie" in headers:
            # The only header whose value must keep its case.
            headers["set-cookie"] = head.decode().partition("et-Cookie: ")[2].split("\r\n")[0]
        while len(body) < int(headers.get("content-length", 0)):
            body += self._receive()
        if not lines[0].startswith("HTTP/1.1 2"):
            raise ConnectionError(f"{lines[0]}: {body[:500]!r}")
        return headers, body

    def read(self):
        """Read the bytes that have come; return the number of whole, small responses."""
        data = self._left + self._receive()
        found = 0
        while True:
            head, separator, rest = data.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
            if not separator or len(rest) < length:
                break
            if not head.startswith(b"HTTP/1.1 200"):
                raise ConnectionError(data[:500])
            found, data = found + 1, rest[length:]
        self._left = data
        return found

    def _connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self._port), DEADLINE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("The server closed a connection.")
        return data


def get(port, path):
    """Request *path* on a new connection; return the JSON of the response, None if it is empty."""
    with Http(port) as http:
        http.sock.sendall(http.question(path, Connection="close"))
        _, body = http.answer()
    return json.loads(body) if body else None
