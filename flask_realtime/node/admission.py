"""Admits handshakes: each gets a place in this process, a connection, and the registry's note."""

from __future__ import annotations

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext

from ..config.settings import Config
from ..connection.beginning import Shared
from ..connection.connection import Connection, Receiver
from ..connection.limits import ConnectionCount
from ..errors import RegistryUnavailable
from ..hub.hub import Hub
from ..identity.keys import session_of
from ..registries.base import Registry
from ..registries.records import Arrival, ConnectionRecord
from ..registries.subscriptions import Subscriptions
from ..session.pending_changes import REWRITTEN, rewritten_keys
from ..threads.pool import ThreadPool
from ..threads.rare_warnings import RareWarnings
from ..transport import servers
from ..transport.handshake import Handshake, Refusal
from ..writing.flusher import Flusher
from .client_digests import Names, names_of
from .ended_receiver import EndedReceiver

warnings = RareWarnings(logging.getLogger(__name__))

# In seconds: a client that finds no place here may find one in another process at once.
RETRY_AFTER = {"Retry-After": "1"}
# How many handshakes are noted in Redis at one time; the others wait. After a restart thousands
# come at once: 3,000 that were all noted at one time waited for each other until their calls were
# too late, were refused, and came again, for ever. So few are enough to keep Redis busy.
ENTERING_AT_ONCE = 16
ENTERING_SECONDS = 20.0


class Admission:
    """Makes connections of handshakes, and forgets the connections that have ended.

    :param config: the app's settings.
    :param registry: notes each connection.
    :param hub: knows the connections of this process.
    :param flusher: writes to the sockets.
    :param threads: the threads on which messages are handled.
    :param secret_keys: returns the app's secret key, and those that were in use before.
    :param make_receiver: returns what receives the messages of a new connection.
    :param has_ended: returns whether this process knows that a browser session has ended.
    :param is_ending: returns whether the registry has yet to note the end of a user, whom it would
        let in meanwhile.
    :param is_stopping: returns whether this process lets nobody in any more.
    """

    def __init__(
        self,
        config: Config,
        registry: Registry,
        hub: Hub,
        flusher: Flusher,
        threads: ThreadPool,
        *,
        secret_keys: Callable[[], Sequence[str | bytes]],
        make_receiver: Callable[[Connection, Handshake, Arrival], Receiver],
        has_ended: Callable[[str], bool],
        is_ending: Callable[[str], bool],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._config = config
        self._registry = registry
        self._hub = hub
        self._secret_keys = secret_keys
        self._make_receiver = make_receiver
        self._has_ended = has_ended
        self._is_ending = is_ending
        self._is_stopping = is_stopping
        self._lock = threading.Lock()
        self._count: ConnectionCount | None = None
        # Within it the registry is asked. One that is in this process keeps nobody waiting.
        self._turn = _Turn() if registry.reaches_other_processes else nullcontext()
        self._live: dict[str, Connection] = {}
        self._numbers = itertools.count(1)
        # Set when the last connection has gone; None while nobody waits for that.
        self._is_empty: threading.Event | None = None
        # Made once, because each bound method would take memory.
        self._shared = Shared(flusher, threads, config, hub.remove)

    def connections(self) -> list[Connection]:
        """Return the connections of this process, with those that are being closed."""
        return list(self._live.values())

    def admit(self, handshake: Handshake) -> Connection:
        """Return the connection of *handshake*, once the registry has noted it.

        :raises Refusal: if there is no place for it, or if the registry cannot be reached.
        """
        names = names_of(handshake, self._secret_keys(), self._known)
        session = session_of(names.digest)
        refusal = self._places().enter(session)
        if refusal is not None:
            status, reason = refusal
            raise Refusal(status, reason, RETRY_AFTER)
        connection = self._connect(handshake, names)
        self._hub.add(connection, tuple(names.other_sessions))
        self._live[connection.name] = connection
        try:
            # Checked only now, because a drain that begins earlier does not see this connection.
            self._check_stopping()
            with self._turn:
                self._register(connection, handshake, names, (session, *names.other_sessions))
        except BaseException as error:
            self._hub.remove(connection)
            self._leave(connection)
            if isinstance(error, RegistryUnavailable):
                raise _away() from error
            raise
        return connection

    def forget(self, connection: Connection) -> None:
        """Forget a connection that has ended, and have the registry forget it."""
        record = ConnectionRecord(connection.digest, connection.name, connection.final_sent())
        try:
            self._registry.forget_connection(record)
        except RegistryUnavailable as error:
            warnings.warn(
                "closed",
                "The registry could not record that a socket has closed; the socket's entry will "
                f"expire: {error}",
            )
        finally:
            self._leave(connection)

    def _known(self, digests: Sequence[str]) -> Mapping[str, Subscriptions | None]:
        # Redis may be gone already when this process stops, and a client that waits for it may not.
        self._check_stopping()
        try:
            with self._turn:
                return self._registry.subscriptions(digests)
        except RegistryUnavailable as error:
            raise _away() from error

    def wait_until_empty(self, seconds: float) -> bool:
        """Wait until no connection lives here; return False if *seconds* were not enough."""
        self._is_empty = is_empty = threading.Event()
        return not self._live or is_empty.wait(seconds)

    def _check_stopping(self) -> None:
        """Refuse a handshake while this process lets nobody in any more.

        :raises Refusal: if it does not.
        """
        if self._is_stopping():
            raise Refusal(503, "This process is stopping; try again.", RETRY_AFTER)

    def _places(self) -> ConnectionCount:
        """Return the count of connections, made at the first handshake.

        A node made earlier, in gunicorn's post_fork for example, was made before the process was
        a worker whose capacity is known.
        """
        with self._lock:
            if self._count is None:
                capacity = servers.socket_capacity()
                if capacity == 0:
                    raise Refusal(501, str(servers.OneAtATime()))
                self._count = ConnectionCount(
                    self._config.max_connections or capacity,
                    self._config.max_connections_per_session,
                )
            return self._count

    def _connect(self, handshake: Handshake, names: Names) -> Connection:
        name = str(next(self._numbers))
        return Connection(handshake, self._shared, name, names.digest, names.user)

    def _register(
        self,
        connection: Connection,
        handshake: Handshake,
        names: Names,
        sessions: Collection[str],
    ) -> None:
        # A page of another user, which was away at the log-in, must not send what waits in it.
        is_foreign = names.is_anothers or handshake.is_given_up
        if is_foreign or any(map(self._has_ended, sessions)):
            self._turn_away(connection)
            return
        if names.user is not None and self._is_ending(names.user):
            raise _away()
        arrival = self._registry.connect(
            names.digest, connection.name, names.user, names.other_sessions, names.asked_at
        )
        if arrival.has_ended:
            self._turn_away(connection)
            return
        if arrival.subscriptions is not None:
            self._hub.note(connection, arrival.subscriptions)
        if arrival.waiting:
            # The socket begins with that at its first message, when the request is gone.
            handshake.environ[REWRITTEN] = rewritten_keys()
        connection.receiver = self._make_receiver(connection, handshake, arrival)

    def _turn_away(self, connection: Connection) -> None:
        ended = EndedReceiver(connection, self._leave)
        connection.receiver = ended
        ended.turn_away()

    def _leave(self, connection: Connection) -> None:
        self._live.pop(connection.name, None)
        if self._is_empty is not None and not self._live:
            self._is_empty.set()
        self._places().leave(session_of(connection.digest))


class _Turn:
    """A context in which few handshakes are at one time, while the others wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # No semaphore: under gevent one takes seventy times as long, as it is written in Python.
        self._places: queue.SimpleQueue[None] | None = None

    def __enter__(self) -> None:
        """Wait for a place.

        :raises Refusal: if too many want one.
        """
        places = self._places
        if places is None:
            places = self._open()
        try:
            places.get(timeout=ENTERING_SECONDS)
        except queue.Empty:
            why = "Too many sockets are being opened at once; try again."
            raise Refusal(503, why, RETRY_AFTER) from None

    def __exit__(self, *_exc_info: object) -> None:
        assert self._places is not None
        self._places.put(None)

    def _open(self) -> queue.SimpleQueue[None]:
        """Return the places, made at the first handshake.

        gevent's queue wakes nobody but greenlets of the thread that made it, and an app may push
        first from another thread, one of gevent's pool.
        """
        with self._lock:
            if self._places is None:
                places: queue.SimpleQueue[None] = queue.SimpleQueue()
                for _ in range(ENTERING_AT_ONCE):
                    places.put(None)
                self._places = places
            return self._places


def _away() -> Refusal:
    return Refusal(503, "The registry is unavailable; try again.", RETRY_AFTER)
