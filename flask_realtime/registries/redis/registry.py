"""The registry that all processes of an app share: everything in one Redis, or Valkey."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...config.settings import Config
from ...protocol.positions import Position
from ...protocol.pushes import Push
from ...threads.fork import ForkLocal
from ..base import Registry
from ..records import Arrival, ConnectionRecord, LogPage, RegistryEvents
from ..subscriptions import Known, Subscriptions
from .here import RedisHere


class RedisRegistry(Registry):
    """Who is subscribed to what, and the log of each channel, in Redis.

    Keys stand under ``REALTIME_REDIS_PREFIX``, and all of them expire. Connects at the first call
    in a process, and anew after a fork.
    """

    reaches_other_processes = True

    def __init__(self, config: Config) -> None:
        self._by_process = ForkLocal(lambda: RedisHere(config, secrets.token_hex(6)))

    def start(self, receiver: RegistryEvents) -> None:
        self._here.start(receiver)

    def close(self) -> None:
        here = self._by_process.pop()
        if here is not None:
            here.close()

    # Logs.

    def publish(self, pushes: Sequence[Push]) -> list[Position]:
        here = self._here
        return here.log.publish(pushes, here.server.deadline())

    def matching(self, pattern: str) -> list[str]:
        here = self._here
        return here.log.matching(pattern, here.server.deadline())

    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        here = self._here
        return here.log.read(cursors, max_bytes, renew, here.server.deadline())

    def listen(self, channels: Collection[str]) -> None:
        here = self._here
        here.listen(channels, here.server.deadline())

    def ignore(self, channels: Collection[str]) -> None:
        self._here.ignore(channels)

    # Clients.

    def subscribe(self, digest: str, channels: Collection[str]) -> None:
        here = self._here
        here.subscribe(digest, channels, here.server.deadline())

    def unsubscribe(self, digest: str, channels: Collection[str]) -> None:
        here = self._here
        deadline = here.server.deadline()
        here.tell(digest, here.clients.unsubscribe(digest, channels, deadline), deadline)

    def subscriptions(self, digests: Collection[str]) -> dict[str, Subscriptions | None]:
        here = self._here
        return here.clients.subscriptions(digests, here.server.deadline())

    def connect(self, digest: str, name: str) -> Arrival:
        here = self._here
        deadline = here.server.deadline()
        # First: a change that is told from the moment the name stands is heard.
        here.listen((), deadline)
        return here.clients.connect(digest, name, deadline)

    def forget_connection(self, record: ConnectionRecord) -> None:
        here = self._here
        here.clients.forget_connection(record, here.server.deadline())

    def refresh(self, records: Sequence[ConnectionRecord], channels: Collection[str]) -> list[str]:
        here = self._here
        unknown = here.clients.refresh(records, here.server.deadline())
        here.log.keep(channels, here.server.deadline())
        return unknown

    def restore(self, known: Sequence[tuple[ConnectionRecord, Known]]) -> list[Subscriptions]:
        here = self._here
        return here.clients.restore(known, here.server.deadline())

    def disconnect(self, digest: str | None = None, session: str | None = None) -> None:
        here = self._here
        here.disconnect(digest, session, here.server.deadline())

    def replay_disconnects(self) -> None:
        here = self._here
        here.replay_disconnects(here.server.deadline())

    # What waits for browsers.

    def deposit(self, digest: str, item: str) -> None:
        here = self._here
        here.clients.deposit(digest, item, here.server.deadline())

    def collect(self, digest: str, taker: str) -> list[str]:
        here = self._here
        return here.clients.collect(digest, taker, here.server.deadline())

    def health(self) -> dict[str, Any]:
        return {"registry": "redis", **self._here.health()}

    @property
    def _here(self) -> RedisHere:
        return self._by_process.get()
