"""What one process hears of Redis, and whether it still does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..records import RegistryEvents
from .connection import ConnectionLost, Deadline
from .disconnects import RedisDisconnects
from .entries import parse_entry
from .keys import RedisKeys
from .listener import RedisListener
from .pool import RedisPool
from .probe import RedisProbe


class RedisHearing:
    """Hands what Redis announces to the events of this process.

    :param pool: where this process calls Redis.
    :param keys: the names under which things are announced.
    :param process: the name of this process.
    :param events: what this process is told.
    :param disconnects: takes the announcements of disconnects.
    """

    def __init__(
        self,
        pool: RedisPool,
        keys: RedisKeys,
        process: str,
        events: RegistryEvents,
        disconnects: RedisDisconnects,
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._events = events
        self._disconnects = disconnects
        own_name = keys.process(process)
        # A pool of its own: a burst of calls must not look like a dead connection.
        own_pool = RedisPool(pool.address, pool.timeout_seconds)
        self._probe = RedisProbe(own_pool, own_name, self._probed)
        self._listener = RedisListener(
            pool.address,
            pool.timeout_seconds,
            (own_name, keys.everyone),
            self._hear,
            events.interrupted,
            events.restored,
        )

    def listen(self, channels: Collection[str], deadline: Deadline) -> None:
        """Hear *channels*, and what is for this process, from now on.

        :raises RegistryUnavailable: if Redis has not confirmed it before *deadline*.
        """
        names = [self._keys.channel(channel).announced_on for channel in channels]
        try:
            self._listener.listen(names, deadline)
        except ConnectionLost as error:
            if self._listener.is_connected:
                self._probe.hurry()
            raise self._pool.unavailable(error) from None
        finally:
            self._probe.start()
        self._disconnects.begin(deadline)

    def ignore(self, channels: Collection[str]) -> None:
        """Hear *channels* no more."""
        self._listener.ignore([self._keys.channel(name).announced_on for name in channels])

    def health(self) -> dict[str, Any]:
        """Return whether Redis answers, whether it is heard, and how late."""
        seems_listening = self._listener.is_listening
        is_listening = False
        try:
            if seems_listening:
                is_listening = self._probe.once()
            else:
                self._pool.run([("PING",)], self._pool.deadline())
            is_reachable = True
        except ConnectionLost:
            is_reachable = False
        if seems_listening and not is_listening:
            self._probed(False)
        return {
            "reachable": is_reachable,
            "listening": is_listening,
            "lag_seconds": self._probe.lag_seconds,
        }

    def close(self) -> None:
        """Hear nothing more."""
        self._probe.close()
        self._listener.close()

    def _hear(self, name: bytes, data: bytes) -> None:
        channel = self._keys.channel_of(name)
        if channel is not None:
            self._events.deliver(parse_entry(channel, data))
        elif name == self._keys.everyone:
            self._disconnects.hear(data, self._events)
        elif not self._probe.arrived(data):
            self._events.changed(data.decode())

    def _probed(self, has_arrived: bool) -> None:
        if not has_arrived:
            self._listener.drop("what is published does not arrive")
        elif self._listener.is_stuck:
            self._listener.drop("what is asked for is not confirmed")
