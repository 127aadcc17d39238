"""The registry that all processes of an app share: everything in one Redis, or Valkey."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

from ...config.settings import Config
from ...errors import CloseCode, InvalidSetting, RegistryUnavailable
from ...protocol.positions import Position
from ...protocol.pushes import Push
from ...protocol.starts import Start, Starts, as_start, as_starts
from ...threads.fork import ForkLocal
from ..base import Registry
from ..records import (
    LATE_MS,
    Arrival,
    ConnectionRecord,
    Disconnect,
    Grant,
    LogPage,
    RegistryEvents,
    SessionEnd,
)
from ..subscriptions import Known, Subscriptions
from .address import RedisAddress
from .clients import RedisClients
from .connection import ConnectionLost, Deadline
from .disconnects import RedisDisconnects
from .hearing import RedisHearing
from .keys import RedisKeys
from .log import RedisLog
from .pool import RedisPool
from .probe import Mark
from .resp import ErrorReply
from .survey import NO_EVICTION, RedisSurvey


class RedisRegistry(Registry):
    """Who is subscribed to what, and the log of each channel, in Redis.

    The names of all keys begin with ``REALTIME_REDIS_PREFIX``, and all keys expire. A process
    connects at its first call; a forked process makes connections of its own.

    :param config: the app's settings.
    :param reason: why Redis is needed, if ``REALTIME_REDIS`` is not set.
    :raises InvalidSetting: if ``REALTIME_REDIS`` cannot be used.
    """

    reaches_other_processes = True

    def __init__(self, config: Config, reason: str = "") -> None:
        seconds = config.redis_timeout_seconds
        self._address = RedisAddress(config.redis, "REALTIME_REDIS", seconds, reason)
        keys = RedisKeys(config.redis_prefix, self._address.database)
        self._keys = keys
        self._survey = RedisSurvey(self._address, keys)
        self._pool = RedisPool(self._address, seconds, self._survey)
        self._log = RedisLog(self._pool, keys, config)
        self._own: ForkLocal[_Own] = ForkLocal(lambda: _Own(self._pool, keys, config))

    def __str__(self) -> str:
        return str(self._address)

    def start(self, events: RegistryEvents, owners: Collection[str] = ()) -> None:
        self._survey.owners = tuple(owners)
        own = self._own.get()
        own.events = events
        own.hearing = RedisHearing(self._pool, self._keys, own.name, events, own.disconnects)

    def close(self) -> None:
        own = self._own.pop()
        if own is not None and own.hearing is not None:
            own.hearing.close()
        self._pool.close()

    # Logs.

    def publish(self, pushes: Sequence[Push]) -> list[Position]:
        return self._log.publish(pushes)

    def announce(self, pushes: Sequence[Push]) -> None:
        self._log.announce(pushes)

    def matching(self, pattern: str) -> list[str]:
        return self._log.matching(pattern)

    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        return self._log.read(cursors, max_bytes, renew, self._pool.deadline())

    def listen(self, channels: Collection[str]) -> None:
        self._listen(channels, self._pool.deadline())

    def ignore(self, channels: Collection[str]) -> None:
        hearing = self._own.get().hearing
        if hearing is not None:
            hearing.ignore(channels)

    # Clients.

    def subscribe(
        self, digest: str, channels: Collection[str] | Starts, grant: Grant | None = None
    ) -> None:
        deadline = self._pool.deadline()
        processes = self._subscribe(digest, as_starts(channels), grant, deadline)
        self._tell(digest, processes, deadline)

    def rewind(self, digest: str, channels: Collection[str], last: int) -> dict[str, Start]:
        return self._log.rewind(digest, dict.fromkeys(channels, last), self._pool.deadline())

    def unsubscribe(self, digest: str, channels: Collection[str] | Mapping[str, int]) -> None:
        own, deadline = self._own.get(), self._pool.deadline()
        with nullcontext(Mark()) if own.hearing is None else own.hearing.mark() as mark:
            # Where the reply is lost, Redis may have noted it, and told the other processes alone.
            is_here = bool(mark.data)
            left: Mapping[str, int] = {}
            try:
                at, found = own.clients.unsubscribe(digest, channels, deadline, mark.data)
                is_here = own.name in found
                if is_here:
                    # If the channels are dated, only Redis knows which of them the client has left.
                    left = {} if isinstance(channels, Mapping) else dict.fromkeys(channels, at)
                    # A page hears what was pushed before it leaves.
                    mark.wait(deadline)
            finally:
                # Nobody else tells this process, even if this greenlet is killed meanwhile.
                if is_here and own.events is not None:
                    own.events.changed(digest, left)

    def subscriptions(self, digests: Collection[str]) -> dict[str, Subscriptions | None]:
        return self._clients.subscriptions(digests, self._pool.deadline())

    def forget_client(self, digest: str) -> None:
        self._clients.forget(digest, self._pool.deadline())

    def connect(
        self,
        digest: str,
        name: str,
        user: str | None = None,
        sessions: Collection[str] = (),
        asked_at: float | None = None,
    ) -> Arrival:
        deadline = self._pool.deadline()
        # Listens first: as soon as Redis holds the connection's name, changes are announced.
        self._listen((), deadline)
        return self._clients.connect(digest, name, user, sessions, deadline, asked_at)

    def forget_connection(self, record: ConnectionRecord) -> None:
        self._clients.forget_connection(record, self._pool.deadline())

    def refresh(self, records: Sequence[ConnectionRecord], channels: Collection[str]) -> list[str]:
        deadline = self._pool.deadline()
        unknown = self._clients.refresh(records, deadline)
        self._log.keep(channels, deadline)
        try:
            # A Redis that is out of memory refuses the claim, which can wait.
            self._survey.note_claims(self._pool.run(self._survey.claims(), deadline))
        except ConnectionLost as error:
            raise self._pool.unavailable(error) from None
        return unknown

    def restore(self, known: Sequence[tuple[ConnectionRecord, Known]]) -> list[Subscriptions]:
        return self._clients.restore(known, self._pool.deadline())

    # Sessions and users that have ended.

    def disconnect(self, order: Disconnect) -> None:
        own = self._own.get()
        if own.events is not None:
            # Told directly, because this process may not hear Redis right now.
            own.events.disconnected(order)
        own.disconnects.announce(order, self._pool.deadline())

    def end_session(self, session: str, heir: str = "", age: int = 0, successor: str = "") -> int:
        end = SessionEnd(session, heir, successor)
        ended_ago, orphans = self._clients.tombstones.end_session(end, age, self._pool.deadline())
        for orphan in orphans:
            self.disconnect(Disconnect(session=orphan, code=CloseCode.SESSION_CHANGED))
        return ended_ago

    def has_ended(self, sessions: Collection[str], heir: str = "") -> bool:
        return self._clients.tombstones.has_ended(sessions, heir, self._pool.deadline())

    def end_user(self, user: str, channel: str | None = None, age: int = 0) -> None:
        own, deadline = self._own.get(), self._pool.deadline()
        is_told_late, when = False, -age
        try:
            over_at = self._pool.over_at(deadline)
            try:
                when = self._clients.tombstones.end_user(user, channel, age, over_at, deadline)
                is_told_late = age > LATE_MS
            finally:
                # Even if Redis has refused to note it: a Redis that does not write still announces.
                if channel is not None and not is_told_late:
                    own.disconnects.announce_unsubscribe(user, channel, over_at, deadline)
        finally:
            # Told directly, because this process may not hear Redis right now.
            is_dated = when > 0
            if channel is not None and (is_dated or age <= LATE_MS) and own.events is not None:
                own.events.unsubscribed(user, channel, when)
        if channel is not None and is_told_late:
            self.disconnect(Disconnect(user=user, code=CloseCode.SERVICE_RESTART))

    def replay_disconnects(self, clients: Mapping[str, str | None]) -> None:
        own, deadline = self._own.get(), self._pool.deadline()

        def of_ended(deaf_for: float) -> Sequence[Disconnect]:
            return self._clients.tombstones.orders_for(clients, deaf_for, deadline)

        if own.events is not None:
            own.disconnects.catch_up(own.events, of_ended, deadline)

    # What waits for browsers.

    def deposit(self, digest: str, item: str, heir: str = "") -> None:
        self._clients.deposit(digest, item, heir, self._pool.deadline())

    def collect(self, digest: str, taker: str) -> list[str]:
        return self._clients.collect(digest, taker, self._pool.deadline())

    def health(self) -> dict[str, Any]:
        hearing = self._own.get().hearing
        heard = {"listening": False, "lag_seconds": None} if hearing is None else hearing.health()
        return {"registry": "redis", "reachable": self._is_reachable(), **heard, **self._evicting()}

    def _is_reachable(self) -> bool:
        try:
            replies = self._pool.run([("PING",), ("INFO", "memory")], self._pool.deadline())
        except (ConnectionLost, InvalidSetting):
            return False
        self._survey.note_memory(replies[1])
        return type(replies[0]) is not ErrorReply

    def _evicting(self) -> dict[str, Any]:
        policy = self._survey.eviction_policy
        return {"may_evict_keys": None if policy is None else policy != NO_EVICTION}

    @property
    def _clients(self) -> RedisClients:
        return self._own.get().clients

    def _listen(self, channels: Collection[str], deadline: Deadline) -> None:
        hearing = self._own.get().hearing
        if hearing is None:
            raise RuntimeError("A registry has to be started before it listens.")
        hearing.listen(channels, deadline)

    def _subscribe(
        self, digest: str, starts: Starts, grant: Grant | None, deadline: Deadline
    ) -> set[str]:
        """Subscribe a client; return the processes that have connections of the client.

        A start without a position begins at the log's tail.
        """
        if not self._pool.is_cluster:
            try:
                tails = self._log.tails(digest, starts)
                return self._clients.subscribe_at_tails(digest, tails, grant, deadline)
            except RegistryUnavailable:
                if not self._pool.is_cluster:
                    raise
        begun = self._log.begin(starts, deadline)
        begins = {name: as_start(starts[name]) for name in begun}
        wanted = {name: start.last for name, start in begins.items() if start.last}
        rewound = self._log.rewind(digest, wanted, deadline) if wanted else {}
        for name, tail in begun.items():
            start = begins[name]
            back = rewound.get(name, Start(start.since or tail, start.past))
            begins[name] = back._replace(by_view=start.by_view)
        return self._clients.subscribe(digest, begins, grant, deadline)

    def _tell(self, digest: str, processes: set[str], deadline: Deadline) -> None:
        """Tell *processes* that the subscriptions of a client have changed; this one at once."""
        own = self._own.get()
        if own.name in processes and own.events is not None:
            own.events.changed(digest)
        own.clients.tell(((digest, one) for one in processes - {own.name}), deadline)


class _Own:
    """The parts of a registry that each process has for itself."""

    __slots__ = ("clients", "disconnects", "events", "hearing", "name")

    def __init__(self, pool: RedisPool, keys: RedisKeys, config: Config) -> None:
        #: The name of this process.
        self.name = secrets.token_hex(6)
        self.clients = RedisClients(pool, keys, config, self.name)
        self.disconnects = RedisDisconnects(pool, keys, self.name)
        self.events: RegistryEvents | None = None
        self.hearing: RedisHearing | None = None
