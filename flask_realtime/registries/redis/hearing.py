"""Hears what Redis announces to one process, and checks that announcements still arrive."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from ...threads import clock
from ..records import RegistryEvents
from .connection import ConnectionLost, Deadline
from .disconnects import RedisDisconnects
from .entries import parse_entry
from .keys import RedisKeys
from .listener import RedisListener
from .pool import RedisPool
from .probe import Mark, RedisProbe

logger = logging.getLogger(__name__)

# Seconds between two warnings: anyone who may publish in Redis could cause any number.
SECONDS_BETWEEN_WARNINGS = 60.0


class RedisHearing:
    """Hands announcements to the events of this process.

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
        self._warned_at = -SECONDS_BETWEEN_WARNINGS
        self._own_name = keys.process(process)
        # A pool of its own, so that a burst of calls does not look like a dead connection.
        own_pool = RedisPool(pool.address, pool.timeout_seconds)
        self._probe = RedisProbe(own_pool, self._own_name, disconnects.time, self._probed)
        self._listener = RedisListener(
            pool.address,
            pool.timeout_seconds,
            (self._own_name, keys.everyone),
            self._hear,
            self._interrupted,
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
        """Stop hearing *channels*."""
        self._listener.ignore([self._keys.channel(name).announced_on for name in channels])

    @contextmanager
    def mark(self) -> Iterator[Mark]:
        """Return a mark that somebody is about to publish to this process."""
        with self._probe.mark() as mark:
            # Asked behind the beginning: a loss that is noticed later ends the wait.
            yield mark if self._listener.hears(self._own_name) else Mark()

    def health(self) -> dict[str, Any]:
        """Return whether announcements arrive in this process, and how late."""
        is_listening = self._listener.is_listening
        if is_listening:
            try:
                is_listening = self._probe.once()
                self._probed(is_listening)
            except ConnectionLost:
                # No probe can be published: that does not tell whether announcements arrive.
                self._probed(None)
        return {"listening": is_listening, "lag_seconds": self._probe.lag_seconds}

    def close(self) -> None:
        """Stop hearing anything."""
        self._probe.close()
        self._listener.close()

    def _interrupted(self) -> None:
        self._probe.give_up_marks()
        self._disconnects.note_loss()
        self._events.interrupted()

    def _hear(self, name: bytes, data: bytes) -> None:
        try:
            tell = self._read(name, data)
        except ValueError:
            self._warn_of(name)
        else:
            tell()

    def _read(self, name: bytes, data: bytes) -> Callable[[], object]:
        """Return a function that tells the events of an announcement.

        :raises ValueError: if *data* is not an announcement.
        """
        channel = self._keys.channel_of(name)
        if channel is not None:
            return partial(self._events.deliver, parse_entry(channel, data))
        if name == self._keys.everyone:
            return self._disconnects.hear(data, self._events)
        if self._probe.arrived(data):
            return bool
        text, _, moment = data.decode().partition("\n*")
        digest, *left = text.split("\n")
        return partial(self._events.changed, digest, dict.fromkeys(left, int(moment or 0)))

    def _warn_of(self, name: bytes) -> None:
        now = clock.monotonic()
        if now - self._warned_at < SECONDS_BETWEEN_WARNINGS:
            return
        self._warned_at = now
        logger.warning(
            "Something was published as %r in %s that this package did not write; it is ignored. "
            "Anyone who may publish under this prefix can send messages to the pages of this app.",
            name,
            self._pool.address,
        )

    def _probed(self, has_arrived: bool | None) -> None:
        if has_arrived is False:
            # All connections of before may lead to a Redis that others have left.
            self._pool.generations.begin()
            self._listener.drop("what is published does not arrive")
        elif self._listener.is_stuck:
            self._listener.drop("what is asked for is not confirmed")
        elif has_arrived is None:
            # The listener's own connection may be dead too, or may be the only one that works.
            self._listener.ask_for_life()
