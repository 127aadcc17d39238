"""Many clients, which one loop reads."""

from __future__ import annotations

import gc
import selectors
import time

from .client import DEADLINE


class Crowd:
    """Many clients, which one loop reads, without pauses by Python's garbage collector.

    :param clients: open :class:`.client.Client` objects, which the crowd closes.
    """

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
        """Let each client keep its frames, with the times at which the kernel received them."""
        for client in self.clients:
            client.note_times()

    def read_until(self, count):
        """Read until each client has received *count* messages; return the time of the last one."""
        deadline = time.monotonic() + DEADLINE
        left = sum(1 for client in self.clients if client.count < count)
        while left:
            if time.monotonic() > deadline:
                behind = min(client.count for client in self.clients)
                raise TimeoutError(
                    f"{left} clients lack messages: {count} were sent, one has {behind}."
                )
            for key, _ in self._selector.select(1):
                client = key.data
                had = client.count
                client.read()
                if had < count <= client.count:
                    left -= 1
        return time.monotonic()

    def settle(self, seconds=0.3):
        """Read until nothing has come for *seconds*, and count from zero again."""
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
