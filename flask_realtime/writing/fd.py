"""The fd of one socket: read by one thread, written by another without waiting."""

from __future__ import annotations

import _socket
import contextlib
import fcntl
import os
import selectors
import socket
import ssl
import struct
import termios
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from ..threads import clock

# The kernel takes no more buffers at once (IOV_MAX).
MOST_BUFFERS = 1024
READ_BYTES = 65536
# One TLS record; what is joined for it is copied once more, and what a record holds counts as sent.
TLS_RECORD_BYTES = 16384
# How many bytes the kernel takes that it cannot send yet: else up to 4 MB for a peer that reads
# nothing, which no limit of ours sees.
MOST_UNSENT_BYTES = 128 * 1024

# The first byte of Linux's struct tcp_info.
_TCP_ESTABLISHED = 1

Buffer = bytes | memoryview
Send = Callable[[bytes, int], int]


class Descriptor(Protocol):
    """What the connection and its outbox need of an fd. Nobody but its server closes it."""

    def take_over(self) -> None:
        """Take the fd from its server. Call it at the 101: before that, the server may refuse the
        handshake, and answer further requests by the fd."""

    #: The kernel's own ``send(bytes, flags)``, where there is nothing between it and us.
    send_now: Send | None

    def fileno(self) -> int:
        """Return the fd's number, as a selector takes it."""

    def receive(self, size: int) -> bytes:
        """Wait for the peer's next bytes and return them, *size* at most; none at the end."""

    def has_peer_ended(self) -> bool:
        """Return whether the peer has ended, behind what is yet to be read. Never blocks."""

    def write(self, buffers: Sequence[Buffer]) -> int:
        """Hand over as much of *buffers* as is taken without waiting; return how many bytes.

        :param buffers: ``MOST_BUFFERS`` at most.
        :raises OSError: if the peer is gone.
        """

    @property
    def has_rest(self) -> bool:
        """Whether the kernel has yet to get something that :meth:`write` has taken."""

    def push_rest(self) -> bool:
        """Hand on what :meth:`write` has taken; return whether the kernel has all of it.

        :raises OSError: if the peer is gone.
        """

    def unread(self) -> int:
        """Return how many bytes the kernel holds that the peer has not taken.

        :raises OSError: if the fd is closed.
        """

    def finish_writing(self) -> None:
        """Tell the peer that nothing more comes; reading goes on."""

    def discard_input(self, seconds: float, max_bytes: int) -> None:
        """Read and drop what the peer still sends, until its end or one of the limits."""

    def shutdown(self) -> None:
        """End both directions, and wake threads that read or wait. A second call does nothing."""


def descriptor_for(sock: socket.socket) -> Descriptor:
    """Return the descriptor of a socket that a server has accepted."""
    # gevent's TLS sockets are no ssl.SSLSocket where gevent has not patched ssl.
    return TlsDescriptor(sock) if hasattr(sock, "cipher") else PlainDescriptor(sock)


class PlainDescriptor:
    """A TCP or Unix socket, blocking for its reader."""

    __slots__ = ("_sock", "send_now")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # gevent's socket has the real one within; its own "send" would wait.
        real = getattr(sock, "_sock", sock)
        self.send_now: Send | None = real.send if isinstance(real, _socket.socket) else None

    def take_over(self) -> None:
        # A timeout of the server's, or of socket.setdefaulttimeout, would end a silent socket.
        self._sock.settimeout(None)
        _bound_unsent(self._sock)

    def fileno(self) -> int:
        return self._sock.fileno()

    def receive(self, size: int) -> bytes:
        return self._sock.recv(size)

    def has_peer_ended(self) -> bool:
        return _has_peer_closed(self._sock) if _is_unix(self._sock) else _has_tcp_ended(self._sock)

    def write(self, buffers: Sequence[Buffer]) -> int:
        # The only call of the socket's that does not wait, on greenlets or on threads.
        try:
            return self._sock.sendmsg(buffers, [], socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return 0

    has_rest = False

    def push_rest(self) -> bool:
        return True

    def unread(self) -> int:
        return _unread(self._sock)

    def finish_writing(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    def discard_input(self, seconds: float, max_bytes: int) -> None:
        deadline = clock.monotonic() + seconds
        while max_bytes > 0 and _is_readable(self._sock, deadline):
            data = self._sock.recv(READ_BYTES)
            if not data:
                return
            max_bytes -= len(data)

    def shutdown(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


class TlsDescriptor:
    """A TLS socket, which never waits within OpenSSL: reader and writer take turns there."""

    __slots__ = ("_lock", "_rest", "_sock")

    send_now: Send | None = None

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lock = threading.Lock()
        # What a write has taken and OpenSSL has not yet: it wants the same bytes again.
        self._rest: Buffer = b""

    def take_over(self) -> None:
        self._sock.settimeout(0)
        _bound_unsent(self._sock)

    def fileno(self) -> int:
        return self._sock.fileno()

    def receive(self, size: int) -> bytes:
        while True:
            try:
                with self._lock:
                    return self._sock.recv(size)
            except ssl.SSLWantReadError:
                _wait(self._sock, selectors.EVENT_READ, None)
            except ssl.SSLWantWriteError:
                _wait(self._sock, selectors.EVENT_WRITE, None)
            except ssl.SSLEOFError:
                return b""

    def has_peer_ended(self) -> bool:
        return not _is_unix(self._sock) and _has_tcp_ended(self._sock)

    def write(self, buffers: Sequence[Buffer]) -> int:
        if not self.push_rest():
            return 0
        self._rest = _join(buffers, TLS_RECORD_BYTES)
        taken = len(self._rest)
        self.push_rest()
        return taken

    @property
    def has_rest(self) -> bool:
        return bool(self._rest)

    def push_rest(self) -> bool:
        while self._rest:
            try:
                with self._lock:
                    sent = self._sock.send(self._rest)
            except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return False
            if not sent:  # gevent's way to say the same.
                return False
            self._rest = memoryview(self._rest)[sent:]
        return True

    def unread(self) -> int:
        return _unread(self._sock)

    def finish_writing(self) -> None:
        # SSLSocket.shutdown would forget the session, and with it what the peer still sends.
        with socket.socket(fileno=os.dup(self._sock.fileno())) as same:
            same.shutdown(socket.SHUT_WR)

    def discard_input(self, seconds: float, max_bytes: int) -> None:
        deadline = clock.monotonic() + seconds
        while max_bytes > 0 and clock.monotonic() < deadline:
            try:
                with self._lock:
                    data = self._sock.recv(READ_BYTES)
            except ssl.SSLWantReadError:
                if not _is_readable(self._sock, deadline):
                    return
                continue
            if not data:
                return
            max_bytes -= len(data)

    def shutdown(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


def _is_unix(sock: socket.socket) -> bool:
    return sock.family == socket.AF_UNIX


def _has_peer_closed(sock: socket.socket) -> bool:
    """Return whether the other end of a Unix socket is closed: then sending 0 bytes fails."""
    try:
        sock.sendmsg([b""], [], socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return False


def _has_tcp_ended(sock: socket.socket) -> bool:
    """Return whether a TCP socket is established no longer, where the system tells its state.

    A poll() for POLLRDHUP would tell the same, but gevent's in its place knows no POLLRDHUP.
    """
    if not hasattr(socket, "TCP_INFO"):
        return False
    try:
        state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except OSError:
        return True
    return state != _TCP_ESTABLISHED


def _unread(sock: socket.socket) -> int:
    size: int = struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
    return size


def _bound_unsent(sock: socket.socket) -> None:
    # A Unix socket has no such bound.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT_BYTES)


def _join(buffers: Sequence[Buffer], most: int) -> Buffer:
    first = memoryview(buffers[0])[:most]
    if len(first) == most or len(buffers) == 1:
        return first
    parts, size = [first], len(first)
    for buffer in islice(buffers, 1, None):
        parts.append(memoryview(buffer)[: most - size])
        size += len(parts[-1])
        if size == most:
            break
    return b"".join(parts)


def _is_readable(sock: socket.socket, deadline: float) -> bool:
    left = deadline - clock.monotonic()
    return left > 0 and _wait(sock, selectors.EVENT_READ, left)


def _wait(sock: socket.socket, event: int, seconds: float | None) -> bool:
    # Never settimeout on the fd: it would make every other call on it wait.
    with selectors.DefaultSelector() as selector:
        selector.register(sock, event)
        return bool(selector.select(seconds))
