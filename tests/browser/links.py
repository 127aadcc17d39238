"""A network link between browser and server that a test can cut."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.eventually import DEADLINE


class Link:
    """Forwards connections to a port, until they die; connections that are made later work.

    :param port: the port of the server.
    """

    def __init__(self, port):
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self._pairs = []
        self._is_down = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def die(self, of_sockets_alone=False):
        """Forward nothing more on the connections that are open now, not even their ends.

        :param of_sockets_alone: kill WebSockets only: a browser uses idle connections of HTTP
            again.
        """
        with self._lock:
            for pair in self._pairs:
                pair.is_dead = pair.is_socket or not of_sockets_alone

    def go_down(self):
        """Let all connections die, and refuse others until :meth:`come_back`."""
        self._is_down = True
        self.die()

    def come_back(self):
        self._is_down = False

    def close(self):
        # A thread that waits in accept() would take one more connection, which nobody closes, also
        # where its socket was closed: it ends when the socket is shut down.
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join(DEADLINE)
        self._server.close()
        for pair in self._pairs:
            pair.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                self._forward(near)

    def _forward(self, near):
        try:
            if self._is_down:
                raise ConnectionRefusedError
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        with self._lock:
            self._pairs.append(_Pair(near, far))


class _Pair:
    """A connection from the browser, and the connection to the server that belongs to it."""

    def __init__(self, near, far):
        self.is_dead = False
        self.is_socket = False
        self._ends = near, far
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    def close(self):
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _copy(self, one, other):
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if b"Upgrade: websocket" in data:
                    self.is_socket = True
                if not self.is_dead:
                    other.sendall(data)
            if not self.is_dead:
                other.shutdown(socket.SHUT_WR)
