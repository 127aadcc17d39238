"""The fd of one socket, written without waiting."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

MAX_BUFFERS = 1024


class Descriptor(Protocol):
    is_tls: bool

    def fileno(self) -> int: ...
    def receive(self, size: int) -> bytes: ...
    def write(self, buffers: Sequence[bytes]) -> int: ...
    def finish_writing(self) -> None: ...
    def drain(self, seconds: float, max_bytes: int) -> None: ...
    def shutdown(self) -> None: ...


def descriptor_for(sock: Any) -> Descriptor:
    return TlsDescriptor(sock) if isinstance(sock, ssl.SSLSocket) else PlainDescriptor(sock)


class _Base:
    is_tls = False

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def fileno(self) -> int:
        return self._sock.fileno()

    def finish_writing(self) -> None:
        socket.socket.shutdown(self._sock, socket.SHUT_WR) if not self.is_tls else None

    def shutdown(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _wait(self, event: int, seconds: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, event)
            return bool(selector.select(seconds))


class PlainDescriptor(_Base):
    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        sock.settimeout(None)

    def finish_writing(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    def receive(self, size: int) -> bytes:
        return self._sock.recv(size)

    def write(self, buffers: Sequence[bytes]) -> int:
        try:
            return self._sock.sendmsg(buffers[:MAX_BUFFERS], [], socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return 0

    def drain(self, seconds: float, max_bytes: int) -> None:
        deadline = time.monotonic() + seconds
        while max_bytes > 0:
            left = deadline - time.monotonic()
            if left <= 0 or not self._wait(selectors.EVENT_READ, left):
                return
            data = self._sock.recv(65536)
            if not data:
                return
            max_bytes -= len(data)


class TlsDescriptor(_Base):
    is_tls = True

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        sock.settimeout(0)
        self._lock = threading.Lock()
        self._half_written: bytes | None = None

    def receive(self, size: int) -> bytes:
        while True:
            try:
                with self._lock:
                    return self._sock.recv(size)
            except ssl.SSLWantReadError:
                self._wait(selectors.EVENT_READ, 30)
            except ssl.SSLWantWriteError:
                self._wait(selectors.EVENT_WRITE, 30)
            except ssl.SSLEOFError:
                return b""

    def write(self, buffers: Sequence[bytes]) -> int:
        try:
            with self._lock:
                return self._sock.send(buffers[0])
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0

    def finish_writing(self) -> None:
        # SSLSocket.shutdown would forget the session, and with it what the peer still sends.
        with socket.socket(fileno=os.dup(self._sock.fileno())) as same:
            same.shutdown(socket.SHUT_WR)

    def drain(self, seconds: float, max_bytes: int) -> None:
        deadline = time.monotonic() + seconds
        while max_bytes > 0:
            try:
                with self._lock:
                    data = self._sock.recv(65536)
            except ssl.SSLWantReadError:
                left = deadline - time.monotonic()
                if left <= 0 or not self._wait(selectors.EVENT_READ, left):
                    return
                continue
            if not data or time.monotonic() > deadline:
                return
            max_bytes -= len(data)
