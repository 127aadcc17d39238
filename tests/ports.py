"""Ports for servers that are told theirs before they begin, or begin again."""

from __future__ import annotations

import random
import socket

# Below those that the kernel gives to whoever connects or asks for any: one that was free a moment
# ago, or is while its server restarts, is not the next client's.
LOWEST, HIGHEST = 10_000, 32_000


def free_port() -> int:
    """One on which nobody listens."""
    while True:
        port = random.randrange(LOWEST, HIGHEST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
