"""The registry of a single process: everything in its memory, nothing to install."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...config.settings import Config
from ...protocol.channels import matcher
from ...protocol.positions import Position
from ...protocol.publications import NOWHERE, Publication
from ...protocol.pushes import Push
from ...threads import clock
from ..base import MOST_WAITING, TAKEN_SECONDS, Registry
from ..expiring import ExpiringDict
from ..records import Arrival, ConnectionRecord, LogPage, RegistryEvents
from ..subscriptions import Known, Subscriptions
from .clients import MemoryClients
from .delivery import MemoryDelivery
from .log import MemoryLog

PUSH_ID_SECONDS = 300.0

# Every so many uses drop some of what has expired: more than they can have added, so that it
# shrinks; few enough that no push pays for ten thousand clients that left at once.
USES_PER_TIDYING = 100
DROPPED_AT_ONCE = 400


class MemoryRegistry(Registry):
    """Who is subscribed to what, and the log of each channel, within one process.

    Nothing here waits for a network or raises :exc:`~flask_realtime.RegistryUnavailable`.
    Another process, a forked one too, has another registry.
    """

    reaches_other_processes = False

    def __init__(self, config: Config) -> None:
        self._config = config
        self._locks: dict[int, threading.Lock] = {}
        self._process: int | None = None
        self._uses = 0
        self._receiver: RegistryEvents | None = None
        self._delivery: MemoryDelivery | None = None
        self._forget_everything()

    def start(self, receiver: RegistryEvents) -> None:
        with self._lock:
            self._receiver = receiver

    def close(self) -> None:
        with self._lock:
            delivery, self._delivery = self._delivery, None
            self._receiver = None
            self._forget_everything()
        if delivery is not None:
            delivery.close()

    # Logs.

    def publish(self, pushes: Sequence[Push]) -> list[Position]:
        return [self._publish(push) for push in pushes]

    def announce(self, pushes: Sequence[Push]) -> None:
        with self._lock:
            for push in pushes:
                if push.channel in self._heard and self._delivery is not None:
                    passing = Publication(push.channel, NOWHERE, "", push.payload, push.route)
                    self._delivery.put(passing)

    def new_push_id(self) -> None:
        return None

    def matching(self, pattern: str) -> list[str]:
        with self._lock:
            names = self._states.keys(clock.monotonic())
        fits = matcher(pattern)
        return [name for name in names if fits(name)]

    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        pages = {}
        for channel, cursor in cursors.items():
            # Held for one channel at a time: a page may have hundreds of entries.
            with self._lock:
                log = self._log(channel, clock.monotonic())
                if renew and cursor is not None and log.is_foreign(cursor):
                    log.restart()
                pages[channel] = log.read(cursor, max_bytes)
        return pages

    def listen(self, channels: Collection[str]) -> None:
        with self._lock:
            self._heard.update(channels)
            if self._delivery is None and self._receiver is not None:
                delivery = MemoryDelivery(self._receiver.deliver)
                delivery.start()
                self._delivery = delivery

    def ignore(self, channels: Collection[str]) -> None:
        with self._lock:
            self._heard.difference_update(channels)

    # Clients.

    def subscribe(self, digest: str, channels: Collection[str]) -> None:
        with self._lock:
            now = self._tidy()
            starts = {channel: self._touch(channel, now).tail for channel in channels}
            is_connected = self._clients.subscribe(digest, starts, now)
            receiver = self._receiver
        if is_connected and receiver is not None:
            receiver.changed(digest)

    def unsubscribe(self, digest: str, channels: Collection[str]) -> None:
        with self._lock:
            is_connected = self._clients.unsubscribe(digest, channels, self._tidy())
            receiver = self._receiver
        if is_connected and receiver is not None:
            receiver.changed(digest)

    def subscriptions(self, digests: Collection[str]) -> dict[str, Subscriptions | None]:
        with self._lock:
            now = clock.monotonic()
            clients = {digest: self._clients.get(digest, now) for digest in digests}
            return {
                digest: None if client is None else client.stands()
                for digest, client in clients.items()
            }

    def connect(self, digest: str, name: str) -> Arrival:
        with self._lock:
            now = self._tidy()
            waiting = list(self._deposits.get(digest, now) or ())
            is_resumed = self._clients.has_arrived(digest, now)
            return Arrival(self._clients.connect(digest, name, now), waiting, is_resumed)

    def forget_connection(self, record: ConnectionRecord) -> None:
        with self._lock:
            self._clients.forget_connection(record, self._tidy())

    def refresh(self, records: Sequence[ConnectionRecord], channels: Collection[str]) -> list[str]:
        unknown = []
        # One at a time: pushes go on while thousands are refreshed.
        for record in records:
            with self._lock:
                if not self._clients.refresh(record, clock.monotonic()):
                    unknown.append(record.digest)
        for channel in channels:
            with self._lock:
                now = clock.monotonic()
                if self._states.get(channel, now) is not None:
                    self._touch(channel, now)
        # Nobody else may come by in an idle process.
        has_more = True
        while has_more:
            with self._lock:
                has_more = self._drop_expired(clock.monotonic())
        return unknown

    def restore(self, known: Sequence[tuple[ConnectionRecord, Known]]) -> list[Subscriptions]:
        with self._lock:
            now = self._tidy()
            return [self._clients.restore(record, one, now) for record, one in known]

    def disconnect(self, digest: str | None = None, session: str | None = None) -> None:
        with self._lock:
            receiver = self._receiver
        if receiver is not None:
            receiver.disconnected(digest, session)

    # What waits for browsers.

    def deposit(self, digest: str, item: str) -> None:
        with self._lock:
            now = self._tidy()
            waiting = self._deposits.get(digest, now) or deque(maxlen=MOST_WAITING)
            waiting.append(item)
            self._deposits.put(digest, waiting, now)

    def collect(self, digest: str, taker: str) -> list[str]:
        with self._lock:
            now = self._tidy()
            before = self._taken.get((digest, taker), now) or []
            taken = before + list(self._deposits.pop(digest, now) or ())
            if taken:
                self._taken.put((digest, taker), taken, now)
            return taken

    def health(self) -> dict[str, Any]:
        with self._lock:
            delivery = self._delivery
        return {
            "registry": "memory",
            "reachable": True,
            "listening": delivery is not None,
            "lag_seconds": None if delivery is None else delivery.lag_seconds(),
        }

    # Within the lock.

    @property
    def _lock(self) -> threading.Lock:
        """This process's lock, made at its first use: an earlier one might be unpatched by
        gevent, or held for ever by a thread that did not survive a fork."""
        process = os.getpid()
        if process != self._process:
            # setdefault is atomic: of two first users, both get one lock.
            with self._locks.setdefault(process, threading.Lock()):
                if process != self._process:
                    self._begin(process)
        return self._locks[process]

    def _begin(self, process: int) -> None:
        if self._process is not None:
            self._receiver = self._delivery = None
            self._forget_everything()
        self._process = process

    def _forget_everything(self) -> None:
        away = self._config.disconnect_timeout_seconds
        history = self._config.history_ttl_seconds
        # A log is in _states as long as it counts, in _filled as long as it has entries.
        self._states: ExpiringDict[str, MemoryLog] = ExpiringDict(away + history)
        self._filled: ExpiringDict[str, MemoryLog] = ExpiringDict(history)
        self._push_ids: ExpiringDict[tuple[str, str], Position] = ExpiringDict(PUSH_ID_SECONDS)
        self._deposits: ExpiringDict[str, deque[str]] = ExpiringDict(away)
        self._taken: ExpiringDict[tuple[str, str], list[str]] = ExpiringDict(TAKEN_SECONDS)
        self._clients = MemoryClients(self._config.connect_timeout_seconds, away)
        self._heard: set[str] = set()

    def _publish(self, push: Push) -> Position:
        with self._lock:
            now = self._tidy()
            one_id = None if push.push_id is None else (push.channel, push.push_id)
            first = one_id and self._push_ids.get(one_id, now)
            if first:
                return first
            log = self._touch(push.channel, now)
            publication = log.append(push)
            self._filled.put(push.channel, log, now)
            if one_id:
                self._push_ids.put(one_id, publication.position, now)
            # Within the lock, so that what is delivered has the log's order.
            if push.channel in self._heard and self._delivery is not None:
                self._delivery.put(publication)
            return publication.position

    def _touch(self, channel: str, now: float) -> MemoryLog:
        log = self._log(channel, now)
        self._states.put(channel, log, now)
        return log

    def _log(self, channel: str, now: float) -> MemoryLog:
        log = self._states.get(channel, now)
        if log is None:
            log = MemoryLog(self._config.history_size, self._config.history_bytes)
            self._states.put(channel, log, now)
        elif self._filled.get(channel, now) is None:
            log.clear()
        return log

    def _tidy(self) -> float:
        now = clock.monotonic()
        self._uses += 1
        if self._uses % USES_PER_TIDYING == 0:
            self._drop_expired(now)
        return now

    def _drop_expired(self, now: float) -> bool:
        most = DROPPED_AT_ONCE
        emptied = self._filled.pop_expired(now, most)
        for log in emptied:
            log.clear()
        return any(
            (
                len(emptied) >= most,
                len(self._states.pop_expired(now, most)) >= most,
                len(self._push_ids.pop_expired(now, most)) >= most,
                len(self._deposits.pop_expired(now, most)) >= most,
                len(self._taken.pop_expired(now, most)) >= most,
                self._clients.drop_expired(now, most),
            )
        )
