"""One process of one app: its sockets, and what serves them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

from flask import Flask

from ..config.settings import Config
from ..connection.abandoned import ABANDONED_SECONDS, AbandonedSockets
from ..connection.age import AgeLimit
from ..connection.connection import Connection
from ..connection.heartbeat import Heartbeat
from ..errors import CloseCode, RegistryUnavailable
from ..hub.channel_upkeep import ChannelUpkeep
from ..hub.herd import Herd
from ..hub.tails import take_tails
from ..identity.keys import fingerprint
from ..messages.conversations import Conversations
from ..page.cookie_sessions import seconds_of_cookie
from ..page.secret_keys import secret_keys_of
from ..protocol.positions import Position
from ..registries.base import Registry
from ..registries.records import End, RegistryEvents, SessionEnd
from ..session.endings import Endings
from ..session.known_ends import LONG_AGO_MS, KnownEnds
from ..threads.periodic import Periodic
from ..threads.pool import LINGER_SECONDS, ThreadPool
from ..transport import servers
from ..transport.handshake import Handshake
from ..writing.flusher import Flusher
from .admission import Admission
from .channel_parts import ChannelParts
from .drain import Drain
from .evictions import Evictions
from .lost_sessions import TURN_SECONDS, LostSessions
from .message_receiver import MessageReceiver
from .outlived_sessions import OUTLIVED_SECONDS, OutlivedSessions
from .services import Services
from .settling import settle

logger = logging.getLogger(__name__)

# The registry forgets what is not refreshed after a time that settings give.
REFRESHES_PER_TIMEOUT = 3
MOST_SECONDS_BETWEEN_REFRESHES = 300.0
SWEEP_SECONDS = 5.0
CLOSE_SECONDS = 5.0
# What handlers may take at a stop where no server says how long it waits: gunicorn's default.
USUAL_GRACEFUL_SECONDS = 30.0


class Node:
    """One process of one app: wires the parts that serve its sockets.

    A node is made at its first use in a process, so that nothing of it survives a fork.
    """

    def __init__(
        self,
        app: Flask,
        config: Config,
        registry: Registry,
        conversations: Conversations,
    ) -> None:
        #: Where this process looks up clients and logs.
        self.registry = registry
        #: Spreads the pages that refresh a block.
        self.herd = Herd()
        #: The sessions whose end this process knows of.
        self.known_ends = KnownEnds()
        self._app = app
        self._config = config
        self._lock = threading.Lock()
        self._is_started = False
        self._is_serving = self._is_closed = False
        self._flusher = Flusher()
        self._threads = ThreadPool()
        parts = ChannelParts(registry, self._flusher, self.herd.spread)
        self._delivery, self._hub = parts.delivery, parts.hub
        self._channel_catch_up, self._reconciler = parts.channel_catch_up, parts.reconciler
        self._resumption = parts.resumption
        #: Waits until what was posted to a client before has its place in the client's sockets.
        self.settle = partial(settle, self._hub, self._flusher)
        self._evictions = Evictions(self._hub, self.known_ends, self._reconciler.unsubscribe)
        self._endings = Endings(registry, self._evictions)
        self._admission = Admission(
            config,
            registry,
            self._hub,
            self._flusher,
            self._threads,
            secret_keys=partial(secret_keys_of, app),
            make_receiver=lambda one, *rest: MessageReceiver(one, self._services, *rest),
            has_ended=self._has_ended_here,
            is_ending=self._endings.is_pending,
            is_stopping=lambda: self._is_closed or self._drain.is_draining,
        )
        self._lost_sessions = LostSessions(app, self.connections, self.end)
        self._services = Services(
            conversations,
            self._resumption,
            config.max_message_bytes,
            self._admission.forget,
            self._lost_sessions.come_back,
            self._flusher.has_room,
        )
        self._heartbeat = Heartbeat(self.connections, config.ping_interval_seconds)
        self._chores = Periodic("realtime-chores", self._list_chores())
        self._drain = Drain(self.connections, config.drain_seconds, USUAL_GRACEFUL_SECONDS)

    def start(self) -> None:
        """Let the registry tell this process what reaches it; later calls do nothing."""
        if self._is_started:
            return
        # Held throughout: a second caller may connect at once, and wants to be told.
        with self._lock:
            if not self._is_started:
                self._start_registry()
                self._is_started = True

    def connections(self) -> list[Connection]:
        """Return the sockets that live here, closing ones too."""
        return self._admission.connections()

    def is_heard(self, channel: str) -> bool:
        """Return whether a socket of this process is on *channel*."""
        return self._delivery.is_heard(channel)

    def tails(self, names: Collection[str]) -> dict[str, Position]:
        """Return a position for each channel behind which a page misses nothing from now on."""
        return take_tails(self._delivery, self.registry.read, names)

    def end(self, ends: Sequence[End], seconds: float | None = None) -> int | None:
        """End sessions, users or subscriptions: here at once, and elsewhere sooner or later.

        :param seconds: how long to wait for the registry; None: as long as one call may take.
        :returns: how many ms ago one of the sessions had ended, at least 1; 0 if none had ended;
            ``LONG_AGO_MS`` if only this process knows of an end; None if nothing is known.
        """
        sessions = [one for one in ends if isinstance(one, SessionEnd)]
        had_ended = any(self._has_ended_here(one.session, one.heir) for one in sessions)
        if seconds is None or not self.registry.reaches_other_processes:
            told = self._endings.run(ends)
            return told or LONG_AGO_MS if had_ended else told
        self._endings.run_within(ends, seconds)
        return LONG_AGO_MS if had_ended else None

    def has_just_ended(self, sessions: Sequence[str], since: float | None = None) -> bool:
        """Return whether any of the sessions ended a moment ago, or *since*, as is known here."""
        return any(self.known_ends.has_just_ended(session, since) for session in sessions)

    def has_ended(self, sessions: Sequence[str], heir: str) -> bool | None:
        """Return whether any of the sessions has ended, other than by *heir*; None: not known."""
        if any(self._has_ended_here(session, heir) for session in sessions):
            return True
        try:
            return self.registry.has_ended(sessions, heir)
        except RegistryUnavailable as error:
            logger.debug("Could not ask the registry whether a session has ended: %s", error)
            return None

    def drain(self, seconds: float | None) -> None:
        """Close every socket (1012), and let no other in.

        :param seconds: over how long the closing is spread; None: as the settings say.
        """
        self._drain.run(seconds)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """End everything that this node holds, for good: its sockets, threads and registry.

        Every socket is told to come back (1012). A handler that takes longer than *seconds* goes
        on, on the last thread that is left; its socket is cut.

        :param seconds: how long sockets may take to end.
        """
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._drain.close()
        self._end_sockets(seconds)
        self._heartbeat.close()
        self._chores.close()
        self._reconciler.close()
        self._endings.close()
        self.registry.close()
        self._flusher.close()
        self._threads.close()

    def health(self) -> dict[str, Any]:
        """Return how the registry is, and how many sockets and channels live here."""
        return {
            **self.registry.health(),
            "connections": len(self.connections()),
            "channels": len(self._delivery.names()),
            "draining": self._drain.is_draining,
        }

    def admit(self, handshake: Handshake) -> Connection:
        """Return the connection of a handshake that was accepted.

        :raises Refusal: if there is no place for it, or if the registry cannot be reached.
        """
        if not self._is_serving:
            self._begin_serving()
        return self._admission.admit(handshake)

    def _end_sockets(self, seconds: float) -> None:
        for connection in self.connections():
            connection.close(CloseCode.SERVICE_RESTART, "The server stops; reconnect.")
        if not self._admission.wait_until_empty(seconds):
            for connection in self.connections():
                connection.cut()
            self._admission.wait_until_empty(seconds)

    def _start_registry(self) -> None:
        self.registry.start(
            RegistryEvents(
                deliver=self._delivery.deliver,
                changed=self._reconciler.changed,
                disconnected=self._evictions.disconnect,
                unsubscribed=self._evictions.unsubscribe,
                interrupted=self._channel_catch_up.interrupt,
                restored=self._reconciler.restored,
            ),
            self._owners(),
        )

    def _has_ended_here(self, session: str, heir: str = "") -> bool:
        # What is known is forgotten after minutes; the registry may refuse to note it for longer.
        return self.known_ends.has_ended(session, heir) or self._endings.has_ended(session, heir)

    def _owners(self) -> list[str]:
        """Return what tells this app from others that may use the same Redis."""
        secrets = secret_keys_of(self._app) if self._app.secret_key else []
        return [fingerprint(secret) for secret in secrets]

    def _begin_serving(self) -> None:
        """Ask the server how it stops, at the first handshake, and start the threads.

        Before that the process may not be a worker yet, for example in gunicorn's post_fork.

        :raises RuntimeError: if the system has no thread left; the next call tries again.
        """
        with self._lock:
            if self._is_serving or self._is_closed or self._drain.is_draining:
                return
            self._heartbeat.start()
            self._chores.start()
            graceful = servers.graceful_seconds()
            if graceful is not None:
                self._drain.watch(servers.is_stopping, graceful)
            self._is_serving = True

    def _list_chores(self) -> list[tuple[float, Callable[[], None]]]:
        shortest = min(
            self._config.disconnect_timeout_seconds,
            self._config.connect_timeout_seconds,
            MOST_SECONDS_BETWEEN_REFRESHES * REFRESHES_PER_TIMEOUT,
        )
        return [
            (SWEEP_SECONDS, ChannelUpkeep(self._hub, self._delivery, self.registry).sweep),
            (SWEEP_SECONDS, self._delivery.shrink),
            (SWEEP_SECONDS, self._age_limit().sweep),
            (ABANDONED_SECONDS, AbandonedSockets(self.connections, self._threads.run).sweep),
            (LINGER_SECONDS, self._threads.sweep),
            (TURN_SECONDS, self._lost_sessions.sweep),
            (OUTLIVED_SECONDS, OutlivedSessions(self.connections, self.registry.has_ended).sweep),
            (shortest / REFRESHES_PER_TIMEOUT, self._reconciler.refresh),
        ]

    def _age_limit(self) -> AgeLimit:
        most = self._config.max_socket_age_seconds
        # Apps may set how long sessions live at each request, or at a log-in.
        return AgeLimit(self.connections, most, partial(seconds_of_cookie, self._app))
