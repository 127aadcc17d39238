"""A proxy in front of a server, which terminates TLS and strips the prefix that the app has."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import socketserver
import ssl
import threading

import trustme

_PATIENCE = 60  # seconds
_HOP = re.compile(rb"\r\nConnection:[^\r]*", re.IGNORECASE)


class Front:
    """One proxy, which listens on a free port.

    :param port: the port of the server behind the proxy.
    :param prefix: the prefix of the app's paths, such as ``/shared``; other paths are answered 404.
    """

    def __init__(self, port: int, prefix: str) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    _forward(tls.wrap_socket(self.request, server_side=True), port, prefix)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 50

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Front:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _forward(browser: ssl.SSLSocket, port: int, prefix: str) -> None:
    """Forward one request, and then all bytes of both sides until one side ends the connection."""
    with browser, socket.create_connection(("127.0.0.1", port), _PATIENCE) as server:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = browser.recv(65536)
            if not piece:
                return
            head += piece
        method, path, rest = head.split(b" ", 2)
        if not path.startswith(prefix.encode() + b"/"):
            browser.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        lines, body = rest.split(b"\r\n\r\n", 1)
        if b"upgrade: websocket" not in lines.lower():
            lines = _HOP.sub(b"", lines) + b"\r\nConnection: close"
        lines += f"\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Prefix: {prefix}".encode()
        lines += b"\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: " + _host(lines)
        server.sendall(b" ".join([method, path[len(prefix) :], lines]) + b"\r\n\r\n" + body)
        _copy_both_ways(browser, server)


def _host(lines: bytes) -> bytes:
    found = re.search(rb"\r\nHost: *([^\r]*)", lines, re.IGNORECASE)
    return found[1] if found else b""


def _copy_both_ways(browser: ssl.SSLSocket, server: socket.socket) -> None:
    """Copy bytes until one side ends. One thread for both: two must not use one TLS connection."""
    while True:
        ready = [browser] if browser.pending() else select.select([browser, server], [], [])[0]
        for source, target in ((browser, server), (server, browser)):
            if source not in ready:
                continue
            piece = source.recv(65536)
            if not piece:
                return
            target.sendall(piece)
