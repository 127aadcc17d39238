"""The registry of a single process: everything in its memory, nothing to install."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...config.settings import Config
from ...identity.keys import session_of
from ...protocol.channels import matcher
from ...protocol.positions import Position
from ...protocol.publications import NOWHERE, Publication
from ...protocol.pushes import Push
from ...threads import clock
from ..base import Registry
from ..records import Arrival, ConnectionRecord, Disconnect, LogPage, RegistryEvents
from ..subscriptions import Known, Subscriptions
from .clients import MemoryClients, present_moment
from .delivery import MemoryDelivery
from .logs import MemoryLogs
from .sessions import MemorySessions, MemoryUsers
from .waiting import MemoryWaiting

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
            names = self._logs.names(clock.monotonic())
        fits = matcher(pattern)
        return [name for name in names if fits(name)]

    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        pages = {}
        for channel, cursor in cursors.items():
            # Held for one channel at a time: a page may have hundreds of entries.
            with self._lock:
                log = self._logs.get(channel, clock.monotonic())
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

    def subscribe(
        self, digest: str, channels: Collection[str] | Mapping[str, Position | None]
    ) -> None:
        given = channels if isinstance(channels, Mapping) else dict.fromkeys(channels)
        with self._lock:
            now = self._tidy()
            if self._sessions.heir(session_of(digest), now) is not None:
                return
            tails = {channel: self._logs.touch(channel, now).tail for channel in given}
            starts = {channel: given[channel] or tail for channel, tail in tails.items()}
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

    def forget_client(self, digest: str) -> None:
        with self._lock:
            self._clients.drop(digest, self._tidy())

    def connect(
        self,
        digest: str,
        name: str,
        user: str | None = None,
        sessions: Collection[str] = (),
    ) -> Arrival:
        session = session_of(digest)
        with self._lock:
            now = self._tidy()
            if any(self._sessions.heir(one, now) is not None for one in (session, *sessions)):
                return Arrival(None, (), has_ended=True)
            if user is not None and not self._clients.admit(digest, user, self._users, now):
                return Arrival(None, (), has_ended=True)
            self._sessions.note_socket(session, now)
            waiting = self._waiting.of(digest, now)
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
                now = clock.monotonic()
                self._sessions.note_socket(session_of(record.digest), now)
                if not self._clients.refresh(record, now):
                    unknown.append(record.digest)
        for channel in channels:
            with self._lock:
                now = clock.monotonic()
                if self._logs.is_known(channel, now):
                    self._logs.touch(channel, now)
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

    # Sessions and users that have ended.

    def disconnect(self, order: Disconnect) -> None:
        with self._lock:
            receiver = self._receiver
        if receiver is not None:
            receiver.disconnected(order)

    def end_session(self, session: str, heir: str = "") -> None:
        with self._lock:
            now = self._tidy()
            if self._sessions.end(session, heir, now) and heir:
                self._waiting.drop(heir.partition(":")[0], now)

    def end_user(self, user: str, channel: str | None = None) -> None:
        with self._lock:
            now, moment = self._tidy(), present_moment()
            if channel is None:
                self._users.end(user, moment, now)
                return
            self._users.leave(user, channel, moment, now)
            receiver = self._receiver
        if receiver is not None:
            receiver.unsubscribed(user, channel)

    # What waits for browsers.

    def deposit(self, digest: str, item: str, heir: str = "") -> None:
        with self._lock:
            now = self._tidy()
            if self._sessions.heir(session_of(digest), now) in (None, heir or None):
                self._waiting.add(digest, item, now)

    def collect(self, digest: str, taker: str) -> list[str]:
        with self._lock:
            now = self._tidy()
            heir = self._sessions.heir(session_of(digest), now)
            is_over = heir is not None and heir.partition(":")[0] != digest
            return [] if is_over else self._waiting.take(digest, taker, now)

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
        self._logs = MemoryLogs(self._config)
        self._waiting = MemoryWaiting(away)
        self._clients = MemoryClients(self._config.connect_timeout_seconds, away)
        self._sessions = MemorySessions(self._config.connect_timeout_seconds, away)
        self._users = MemoryUsers(away)
        self._heard: set[str] = set()

    def _publish(self, push: Push) -> Position:
        with self._lock:
            position, publication = self._logs.append(push, self._tidy())
            # Within the lock, so that what is delivered has the log's order.
            if publication and push.channel in self._heard and self._delivery is not None:
                self._delivery.put(publication)
            return position

    def _tidy(self) -> float:
        now = clock.monotonic()
        self._uses += 1
        if self._uses % USES_PER_TIDYING == 0:
            self._drop_expired(now)
        return now

    def _drop_expired(self, now: float) -> bool:
        most = DROPPED_AT_ONCE
        return any(
            (
                self._logs.drop_expired(now, most),
                self._waiting.drop_expired(now, most),
                self._clients.drop_expired(now, most),
                self._sessions.drop_expired(now, most),
                self._users.drop_expired(now, most),
            )
        )
