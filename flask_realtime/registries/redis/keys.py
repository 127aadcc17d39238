"""The names of this package's keys and pub/sub channels in Redis."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ...identity.keys import session_of


class ChannelKeys(NamedTuple):
    """The keys of one channel, all in one slot of a cluster.

    *push_id* is only the beginning of a key: the id of a push has to be added.
    """

    state: bytes
    log: bytes
    listed: bytes
    push_id: bytes
    announced_on: bytes


class RedisKeys:
    """The names of keys and of pub/sub channels, all under one prefix.

    :param prefix: ``REALTIME_REDIS_PREFIX``.
    :param database: the number of the database within Redis. Pub/sub is
        common to all databases: without the number two apps in two databases would hear each other.
    """

    def __init__(self, prefix: str, database: int = 0) -> None:
        self.prefix = prefix
        self.list = f"{prefix}:channels".encode()
        self.owner = f"{prefix}:owner".encode()
        self.everyone = f"{prefix}:{database}:everyone".encode()
        self._announced = f"{prefix}:{database}:"
        self.disconnects = f"{prefix}:disconnects".encode()
        # Each push needs the keys, and a process often pushes to the same channels.
        self.channel = lru_cache(maxsize=4096)(self._channel)
        self._before_name = f"{self._announced}channel:{{".encode()

    def announced_on(self, channel: str) -> bytes:
        """Return the pub/sub channel on which the pushes of a channel are announced."""
        return f"{self._announced}channel:{{{_escape(channel)}}}".encode()

    def base(self, channel: str) -> bytes:
        """Return the beginning of the names of a channel's keys."""
        return f"{self.prefix}:channel:{{{_escape(channel)}}}".encode()

    def channel_of(self, announced_on: bytes) -> str | None:
        """Return the channel whose messages are announced on *announced_on*; None if there is none.

        :raises ValueError: if the name is not UTF-8.
        """
        if not announced_on.startswith(self._before_name):
            return None
        name = announced_on[len(self._before_name) : -1].decode()
        return name if "%" not in name else _unescape(name)

    def process(self, process: str) -> bytes:
        """Return the pub/sub channel on which one process is told of its clients."""
        return f"{self._announced}process:{process}".encode()

    def client(self, digest: str) -> bytes:
        """Return the key of a client's hash: its subscriptions and connections.

        It is in the slot of the client's session.
        """
        session = session_of(digest)
        page = digest.removesuffix(session)
        return f"{self.prefix}:client:{{{_escape(session)}}}:{_escape(page)}".encode()

    def session(self, session: str) -> bytes:
        """Return the key of a browser session's hash: if it had a socket, if it has ended."""
        return f"{self.prefix}:session:{{{_escape(session)}}}".encode()

    def session_of(self, digest: str) -> bytes:
        """Return the key of the hash of a client's browser session."""
        return self.session(session_of(digest))

    def user(self, user: str) -> bytes:
        """Return the key of a user's hash: when it was disconnected, or put out of channels."""
        return f"{self.prefix}:user:{{{_escape(user)}}}".encode()

    def waiting(self, session: str) -> bytes:
        """Return the key of the list of what waits for the clients of a browser session."""
        return self.session(session) + b":waiting"

    def deposit(self, session: str, deposit_id: str) -> bytes:
        """Return the key that says for a while that an item waits already."""
        return self.waiting(session) + f":{deposit_id}".encode()

    def _channel(self, name: str) -> ChannelKeys:
        base = self.base(name)
        return ChannelKeys(
            state=base + b":state",
            log=base + b":log",
            listed=base + b":listed",
            push_id=base + b":push:",
            announced_on=self.announced_on(name),
        )


def _escape(name: str) -> str:
    # A brace in the name would end the hash tag, or make it empty: then it is not a tag.
    return name.replace("%", "%25").replace("{", "%7B").replace("}", "%7D")


def _unescape(name: str) -> str:
    return name.replace("%7B", "{").replace("%7D", "}").replace("%25", "%")
