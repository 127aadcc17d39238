"""All that one process holds for one app: its sockets, and the threads that serve them."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from flask import Flask

from ..config.settings import Config
from ..connection.connection import Connection
from ..connection.drain import Drain
from ..connection.heartbeat import Heartbeat
from ..connection.limits import ConnectionCount
from ..errors import RegistryUnavailable
from ..hub.catchup import CatchUp
from ..hub.channels import Channels
from ..hub.delivery import Delivery
from ..hub.herd import Herd
from ..hub.hub import Hub
from ..hub.reconciler import Reconciler
from ..hub.resync import Resync
from ..identity.keys import digest, session_of
from ..messages.conversations import Conversations
from ..protocol.positions import Position
from ..registries.base import Registry
from ..registries.records import ConnectionRecord, RegistryEvents
from ..registries.subscriptions import Subscriptions
from ..threads.chores import Chores
from ..threads.pool import LINGER_SECONDS, ThreadPool
from ..transport import servers
from ..transport.handshake import Handshake, Refusal
from ..writing.flusher import Flusher
from .evictions import Evictions
from .inbox import Inbox, Services

logger = logging.getLogger(__name__)

# A client that finds no place may try elsewhere at once.
RETRY_AFTER = {"Retry-After": "1"}
REFRESHES_PER_TIMEOUT = 3
MOST_SECONDS_BETWEEN_REFRESHES = 300.0
SWEEP_SECONDS = 5.0
# After a restart thousands come at once. All together they would wait for each other until their
# calls to Redis are too late, be refused, and come again, for ever: 3,000 did. So many at a time
# keep Redis and this process busy; the others wait their turn, which costs nobody a deadline.
ENTERING_AT_ONCE = 16
ENTERING_SECONDS = 20.0
# What handlers may take at a stop where no server says how long it waits: gunicorn's default.
USUAL_GRACEFUL_SECONDS = 30.0


class Node:
    """Made at the first use in a process, so that nothing of it survives a fork."""

    def __init__(
        self,
        app: Flask,
        config: Config,
        registry: Registry,
        conversations: Conversations,
    ) -> None:
        self.registry = registry
        self._app = app
        self._config = config
        self._lock = threading.Lock()
        self._entering = threading.BoundedSemaphore(ENTERING_AT_ONCE)
        self._is_started = False
        self.herd = Herd()
        self._live: dict[str, Connection] = {}
        self._connection_names = itertools.count(1)
        self._flusher = Flusher()
        self._threads = ThreadPool()
        channels = Channels()
        self._delivery = Delivery(channels, self._recover, self._flusher.post, self.herd.spread)
        self._hub = Hub(channels, registry.ignore)
        self._resync = Resync(self._delivery, registry.listen, partial(registry.read, renew=True))
        self._catch_up = CatchUp(
            self._hub, self._delivery, self._resync, partial(registry.read, renew=False)
        )
        self._reconciler = Reconciler(
            self._hub,
            self._delivery,
            self._resync,
            registry,
            self._enter,
            self._flusher.settle,
        )
        self._evictions = Evictions(self._hub, self._reconciler.unsubscribe)
        self._heartbeat = Heartbeat(self.connections, config.ping_interval_seconds)
        self._chores = Chores(self._list_chores())
        self._drain = self._make_drain()
        self._services = Services(
            hub=self._hub,
            catch_up=self._catch_up,
            conversations=conversations,
            max_bytes=config.max_message_bytes,
            subscriptions=self._subscriptions,
            changed=self._reconciler.changed,
            gone=self._gone,
        )
        # One bound method for all of them.
        self._detach = self._hub.remove
        self._is_serving = False
        self._capacity: int | None = None
        self._count: ConnectionCount

    def start(self) -> None:
        """Let the registry tell this process what reaches it; later calls do nothing."""
        if self._is_started:
            return
        # Held throughout: whoever comes second may connect at once, and wants to be told.
        with self._lock:
            if not self._is_started:
                self._start_registry()
                self._is_started = True

    def _start_registry(self) -> None:
        self.registry.start(
            RegistryEvents(
                deliver=self._delivery.deliver,
                changed=self._reconciler.changed,
                disconnected=self._evictions.disconnect,
                unsubscribed=self._evictions.unsubscribe,
                interrupted=lambda: _drop(self._delivery.pause()),
                restored=self._reconciler.restored,
            )
        )

    def connections(self) -> list[Connection]:
        """The sockets that live here, those that are closing too."""
        return list(self._live.values())

    def is_heard(self, channel: str) -> bool:
        """Return whether a socket of this process is on *channel*."""
        return self._delivery.is_heard(channel)

    def drain(self, seconds: float | None) -> None:
        """Close every socket (1012), spread over *seconds*."""
        self._drain.run(seconds)

    def health(self) -> dict[str, Any]:
        """The registry's state, and how many sockets live here."""
        return {
            **self.registry.health(),
            "connections": len(self._live),
            "channels": len(self._delivery.names()),
            "draining": self._drain.is_draining,
        }

    def admit(self, handshake: Handshake) -> Connection:
        """Register the connection of a handshake that was accepted.

        :raises Refusal: if there is no place for it, or no registry.
        """
        self._begin_serving()
        self._check_stopping()
        if self._capacity == 0:
            raise Refusal(501, str(servers.OneAtATime()))
        secret = self._app.secret_key
        # Without one there are no sessions, and no socket key would have come along.
        assert secret is not None
        client = digest(secret, handshake.socket_key, handshake.connection_id)
        self._take_place(session_of(client))
        connection = self._connection(handshake, client)
        self._hub.add(connection)
        self._live[connection.name] = connection
        try:
            # Again: a drain that began meanwhile has not seen this connection.
            self._check_stopping()
            self._enter_registry(connection, handshake)
            self._heartbeat.start()
            self._chores.start()
            self._drain.watch()
        except BaseException as error:
            self._hub.remove(connection)
            self._forget(connection)
            if isinstance(error, RegistryUnavailable):
                raise Refusal(503, "The registry is away; come back.", RETRY_AFTER) from error
            raise
        return connection

    def _begin_serving(self) -> None:
        """Look at the server again, with the first handshake: whoever made this before, in
        gunicorn's post_fork say, made it before the process was a worker."""
        if self._is_serving:
            return
        with self._lock:
            if self._is_serving:
                return
            self._capacity = servers.socket_capacity()
            self._count = ConnectionCount(
                self._config.max_connections or self._capacity,
                self._config.max_connections_per_session,
            )
            if not self._drain.is_draining:
                self._drain = self._make_drain()
            self._is_serving = True

    def _check_stopping(self) -> None:
        if self._drain.is_draining:
            raise Refusal(503, "This process is stopping; come back.", RETRY_AFTER)

    def _take_place(self, session: str) -> None:
        refusal = self._count.enter(session)
        if refusal is not None:
            status, reason = refusal
            raise Refusal(status, reason, RETRY_AFTER)

    def _connection(self, handshake: Handshake, client: str) -> Connection:
        return Connection(
            handshake.descriptor,
            self._flusher,
            self._threads,
            self._config,
            name=str(next(self._connection_names)),
            digest=client,
            address=handshake.address,
            accept=handshake.accept,
            deflates=handshake.deflates,
            detach=self._detach,
        )

    def _enter_registry(self, connection: Connection, handshake: Handshake) -> None:
        if not self.registry.reaches_other_processes:
            # It is here, and keeps nobody waiting.
            self._register(connection, handshake)
            return
        if not self._entering.acquire(timeout=ENTERING_SECONDS):
            raise Refusal(503, "Too many come at once; come back.", RETRY_AFTER)
        try:
            self._register(connection, handshake)
        finally:
            self._entering.release()

    def _register(self, connection: Connection, handshake: Handshake) -> None:
        arrival = self.registry.connect(connection.digest, connection.name)
        if arrival.subscriptions is not None:
            self._hub.note(connection, arrival.subscriptions)
        connection.receiver = Inbox(connection, self._services, handshake, arrival)

    def _gone(self, connection: Connection) -> None:
        record = ConnectionRecord(connection.digest, connection.name, connection.final_sent())
        try:
            self.registry.forget_connection(record)
        except RegistryUnavailable as error:
            logger.warning("A socket's end was not noted, it will expire: %s", error)
        finally:
            self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        self._live.pop(connection.name, None)
        self._count.leave(session_of(connection.digest))

    def _enter(self, connection: Any, starts: Mapping[str, Position]) -> None:
        receiver: Inbox = connection.receiver
        receiver.enter(starts)

    def _subscriptions(self, digest: str) -> Subscriptions | None:
        return self.registry.subscriptions([digest])[digest]

    def _recover(self, names: Iterable[str]) -> None:
        self._reconciler.recover(list(names))

    def _list_chores(self) -> list[tuple[float, Callable[[], None]]]:
        config = self._config
        shortest = min(
            config.disconnect_timeout_seconds,
            config.connect_timeout_seconds,
            MOST_SECONDS_BETWEEN_REFRESHES * REFRESHES_PER_TIMEOUT,
        )
        return [
            (SWEEP_SECONDS, self._reconciler.ignore_idle),
            (SWEEP_SECONDS, self._delivery.shrink),
            (LINGER_SECONDS, self._threads.sweep),
            (shortest / REFRESHES_PER_TIMEOUT, lambda: self._reconciler.refresh()),
        ]

    def _make_drain(self) -> Drain:
        graceful = servers.graceful_seconds()
        return Drain(
            self.connections,
            None if graceful is None else servers.is_stopping,
            self._config.drain_seconds,
            USUAL_GRACEFUL_SECONDS if graceful is None else graceful,
        )


def _drop(_result: object) -> None:
    """For a callback whose result nobody wants."""
