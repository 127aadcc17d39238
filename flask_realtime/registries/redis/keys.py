"""What we call things in Redis."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple


class ChannelKeys(NamedTuple):
    """The keys of one channel, all in one slot of a cluster; *push_id* wants an id behind it."""

    state: bytes
    log: bytes
    listed: bytes
    push_id: bytes
    announced_on: bytes


class RedisKeys:
    """The names of keys and of pub/sub channels, all under one prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.list = f"{prefix}:channels".encode()
        self.everyone = f"{prefix}:everyone".encode()
        self.disconnects = f"{prefix}:disconnects".encode()
        # Made for each push; a process pushes down the same channels again and again.
        self.channel = lru_cache(maxsize=4096)(self._channel)
        self._before_name = f"{prefix}:channel:{{".encode(errors="surrogatepass")

    def channel_of(self, announced_on: bytes) -> str | None:
        """The channel whose messages are announced so; None if it is no channel's."""
        if not announced_on.startswith(self._before_name):
            return None
        name = announced_on[len(self._before_name) : -1].decode("utf-8", "surrogatepass")
        return name if "%" not in name else _unescape(name)

    def process(self, process: str) -> bytes:
        """On what one process is told of its clients."""
        return f"{self._prefix}:process:{process}".encode()

    def client(self, digest: str) -> bytes:
        """A client's hash: subscriptions, and connections as connections."""
        return f"{self._prefix}:client:{{{_escape(digest)}}}".encode()

    def waiting(self, digest: str) -> bytes:
        """The list of what waits for a client's browser."""
        return self.client(digest) + b":waiting"

    def _channel(self, name: str) -> ChannelKeys:
        base = f"{self._prefix}:channel:{{{_escape(name)}}}".encode(errors="surrogatepass")
        return ChannelKeys(
            state=base + b":state",
            log=base + b":log",
            listed=base + b":listed",
            push_id=base + b":push:",
            announced_on=base,
        )


def _escape(name: str) -> str:
    # A brace of the name's own would end the hash tag, or be an empty one, which is none.
    return name.replace("%", "%25").replace("{", "%7B").replace("}", "%7D")


def _unescape(name: str) -> str:
    return name.replace("%7B", "{").replace("%7D", "}").replace("%25", "%")
