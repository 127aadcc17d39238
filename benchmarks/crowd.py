"""Many clients, read by one loop."""

from __future__ import annotations

import gc
import selectors
import time

from .client import DEADLINE


class Crowd:
    """Many clients, read by one loop; Python's garbage collector is off meanwhile."""

    def __init__(self, clients):
        self.clients = list(clients)
        self._selector = selectors.DefaultSelector()
        for client in self.clients:
            self._selector.register(client.sock, selectors.EVENT_READ, client)

    def __enter__(self):
        gc.collect()
        gc.disable()
        return self

    def __exit__(self, *exc_info):
        gc.enable()
        self._selector.close()
        for client in self.clients:
            client.sock.close()

    def note_times(self):
        """Have each client keep what it hears, with the kernel's time."""
        for client in self.clients:
            client.note_times()

    def read_until(self, count):
        """Read until each client has got *count* messages in all; return when the last one came."""
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
                if had < count <= client.count:
                    left -= 1
        return time.monotonic()

    def settle(self, seconds=0.3):
        """Read until nothing has come for a while, and start to count from zero."""
        while self._selector.select(seconds):
            for key, _ in self._selector.select(0):
                key.data.read()
        for client in self.clients:
            client.count = client.received = 0
            if client.heard is not None:
                client.texts()

    @property
    def received(self):
        return sum(client.received for client in self.clients)
