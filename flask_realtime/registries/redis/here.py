"""What one process has of the registry in Redis: its connections, and what it hears."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import Any

from ...config.settings import Config
from ..records import RegistryEvents
from .address import RedisAddress
from .clients import RedisClients
from .connection import Deadline, LinkLost
from .disconnects import RedisDisconnects
from .entries import parse_entry
from .keys import RedisKeys
from .listener import RedisListener
from .log import RedisLog, Retention
from .pool import RedisPool, SlotsDiffer
from .probe import RedisProbe


class RedisHere:
    """One process's part. Connects when it is first used.

    :param process: names this process to the others.
    """

    def __init__(self, config: Config, process: str) -> None:
        keys = RedisKeys(config.redis_prefix)
        address = RedisAddress(config.redis, "REALTIME_REDIS", config.redis_timeout_seconds)
        self.server = RedisPool(address, config.redis_timeout_seconds)
        self.log = RedisLog(self.server, keys, Retention.of(config))
        self.clients = RedisClients(self.server, keys, config, process)
        self._disconnects = RedisDisconnects(self.server, keys, process)
        self._keys = keys
        self._process = process
        self._name = keys.process(process)
        self._receiver: RegistryEvents | None = None
        self._listener: RedisListener | None = None
        self._probe: RedisProbe | None = None
        self._is_cluster = False
        self._lock = threading.Lock()

    def start(self, receiver: RegistryEvents) -> None:
        """Tell *receiver* what is heard here, once something is."""
        with self._lock:
            self._receiver = receiver
            # A connection of its own: it must not take a burst of calls for a dead link.
            own = RedisPool(self.server.address, self.server.timeout_seconds)
            self._probe = RedisProbe(own, self._name, self._probed)
            self._listener = RedisListener(
                self.server.address,
                self.server.timeout_seconds,
                (self._name, self._keys.everyone),
                self._hear,
                receiver.interrupted,
                receiver.restored,
            )

    def close(self) -> None:
        """Let go of all connections."""
        if self._probe is not None:
            self._probe.close()
        if self._listener is not None:
            self._listener.close()
        self.server.close()

    def listen(self, channels: Collection[str], deadline: Deadline) -> None:
        """Hear *channels*, and what is for this process, from now on.

        :raises RegistryUnavailable: if Redis has not confirmed it in time.
        """
        if self._listener is None or self._probe is None:
            raise RuntimeError("A registry is started before it listens.")
        names = [self._keys.channel(channel).announced_on for channel in channels]
        try:
            self._listener.listen(names, deadline)
        except LinkLost as error:
            if self._listener.is_linked:
                self._probe.hurry()
            raise self.server.unavailable(error) from None
        finally:
            self._probe.start()
        self._disconnects.begin(deadline)

    def ignore(self, channels: Collection[str]) -> None:
        """Hear *channels* no more."""
        if self._listener is not None:
            self._listener.ignore([self._keys.channel(name).announced_on for name in channels])

    def subscribe(self, digest: str, channels: Collection[str], deadline: Deadline) -> None:
        """Subscribe a client from where the channels' logs stand, and tell who has it."""
        self.tell(digest, self._subscribe(digest, channels, deadline), deadline)

    def _subscribe(self, digest: str, channels: Collection[str], deadline: Deadline) -> set[str]:
        if not self._is_cluster:
            try:
                return self.clients.subscribe_at_tails(digest, self.log.tails(channels), deadline)
            except SlotsDiffer:
                self._is_cluster = True
        return self.clients.subscribe(digest, self.log.begin(channels, deadline), deadline)

    def tell(self, digest: str, processes: set[str], deadline: Deadline) -> None:
        """Tell *processes* that the subscriptions of a client have changed; this one at once."""
        self.clients.tell(digest, processes - {self._process}, deadline)
        if self._process in processes and self._receiver is not None:
            self._receiver.changed(digest)

    def disconnect(self, digest: str | None, session: str | None, deadline: Deadline) -> None:
        """Have every process close the connections of a client, or of a session; this one at once,
        which may not hear Redis just now."""
        if self._receiver is not None:
            self._receiver.disconnected(digest, session)
        self._disconnects.announce(digest, session, deadline)

    def replay_disconnects(self, deadline: Deadline) -> None:
        """Have those closed whose disconnect this process did not hear of."""
        if self._receiver is not None:
            self._disconnects.catch_up(self._receiver.disconnected, deadline)

    def health(self) -> dict[str, Any]:
        """Whether Redis answers, whether it is heard, and how late."""
        seems = self._listener is not None and self._listener.is_listening
        listening = False
        try:
            if seems and self._probe is not None:
                listening = self._probe.once()
            else:
                self.server.run([("PING",)], self.server.deadline())
            reachable = True
        except LinkLost:
            reachable = False
        if seems and not listening:
            self._probed(False)
        return {
            "reachable": reachable,
            "listening": listening,
            "lag_seconds": None if self._probe is None else self._probe.lag_seconds,
        }

    def _hear(self, name: bytes, data: bytes) -> None:
        receiver = self._receiver
        assert receiver is not None
        channel = self._keys.channel_of(name)
        if channel is not None:
            receiver.deliver(parse_entry(channel, data))
        elif name == self._keys.everyone:
            self._disconnects.hear(data, receiver.disconnected)
        elif self._probe is not None and not self._probe.arrived(data):
            receiver.changed(data.decode())

    def _probed(self, has_arrived: bool) -> None:
        if self._listener is None:
            return
        if not has_arrived:
            self._listener.drop("what is published does not arrive")
        elif self._listener.is_stuck:
            self._listener.drop("what is asked for is not confirmed")
