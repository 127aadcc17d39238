"""Servers that answer a Redis client as a test says."""

import contextlib
import socket
import threading
import time


@contextlib.contextmanager
def server(*scripts):
    """Serve one connection by each of *scripts*, functions of its socket, and yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            for script in scripts:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer:
                    script(peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def log_in(peer):
    """Accept what redis-py sends first; return once the first PING has arrived."""
    while b"PING" not in (asked := peer.recv(65536)):
        peer.sendall(b"+OK\r\n" * asked.count(b"CLIENT"))


def trickle(peer):
    """Send an endless reply, one digit at a time."""
    log_in(peer)
    peer.sendall(b":")
    with contextlib.suppress(OSError):
        while peer.send(b"1"):
            time.sleep(0.01)
