"""Finds ports for servers that must be told theirs before they start."""

from __future__ import annotations

import random
import socket

# Below the range from which the kernel picks ports for clients: a client could otherwise take the
# port of a server that is just restarting.
LOWEST, HIGHEST = 10_000, 32_000


def free_port() -> int:
    """Return a random port on which nobody listens."""
    while True:
        port = random.randrange(LOWEST, HIGHEST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
