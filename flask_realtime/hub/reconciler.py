"""Keeps the channels and clients of a process in step with its registry, in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ..errors import RegistryUnavailable
from ..registries.base import Registry
from ..registries.records import ConnectionRecord
from ..registries.subscriptions import Subscriptions
from ..threads.background import BackgroundThread
from ..threads.pause import in_pieces
from ..threads.portions import portions
from .channel_catch_up import ChannelCatchUp
from .connection_catch_up import Subscriber
from .delivery import Delivery
from .departures import Departures
from .hub import Hub
from .members import Listener
from .missed_orders import MissedOrders
from .shared_reads import PATIENCE_SECONDS
from .weights import Weights

logger = logging.getLogger(__name__)

# Seconds between two attempts while the registry is away.
RETRY_SECONDS = 1.0
# What one call may weigh (see weights.py).
# Of clients that are read, since parsing the replies stops the loop under gevent.
CLIENTS_AT_ONCE = 2000
# Of connections that are refreshed: five times as much takes nearly all of a call's deadline.
REFRESHED_AT_ONCE = 20_000
# How many connections are looked at between two pauses.
LOOKED_AT_AT_ONCE = 500
# How many channels are kept by one call.
CHANNELS_AT_ONCE = 2000


class Reconciler:
    """Keeps the channels and clients of this process in step with the registry.

    Its thread reads the logs of paused channels, applies changed subscriptions to connections, and
    writes clients again that the registry has lost; every second while the registry is away.

    :param enter: brings a connection onto new channels, in a job of the connection's own.
    :param settle: waits until every frame that was posted is in an outbox or sent.
    """

    def __init__(
        self,
        hub: Hub,
        delivery: Delivery,
        channel_catch_up: ChannelCatchUp,
        registry: Registry,
        enter: Callable[[Subscriber, Subscriptions], None],
        settle: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._delivery = delivery
        self._channel_catch_up = channel_catch_up
        self._registry = registry
        self._enter = enter
        self._settle = settle
        self._weights = Weights(hub)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread = BackgroundThread("realtime-reconciler", self._run)
        self._is_closed = False
        self._is_failing = False
        self._missed_orders = MissedOrders(hub, registry)
        # Whether clients may have left channels whose logs are yet to be read, and whether the
        # clients could not be read before those the last time.
        self._is_anew = self._were_unread = False
        self._paused: set[str] = set()
        self._changed: set[str] = set()
        #: The clients that this process has put out of channels, and the registry has not.
        self.departures = Departures(registry)
        # Clients that may have been restored, and whose other connections have not been told yet.
        self._untold: set[str] = set()

    def recover(self, names: Collection[str]) -> None:
        """Have the logs of paused channels read."""
        self._note(names, ())

    def changed(self, digest: str, left: Collection[str] = ()) -> None:
        """Have the subscriptions of a client read again and applied to its connections.

        :param left: channels that its connections leave before this returns, and a push may follow;
            of a paused one they hear what its log has from before they left, and no more.
        """
        is_held = False
        for connection in self._hub.connections(digest) if left else ():
            held = self._hub.leaves.hold(connection, left)
            self._hub.leave(connection, set(left) - held, bars=True)
            is_held |= bool(held)
        self._note((), (digest,), is_held)

    def unsubscribe(self, digest: str, channel: str, was_on: bool, when: int | None) -> None:
        """Have the registry note that a client was put out of a channel: see
        :meth:`.Departures.add`; only once it has said when, or failed to, if *when* is None."""
        self.departures.add(digest, channel, was_on, when)
        if when is not None:
            self._thread.start()
            self._wake.set()

    def restored(self) -> None:
        """Have every channel and every client read anew, because the registry is heard again, and
        sockets closed that were disconnected meanwhile."""
        self._missed_orders.note()
        self._note(self._channel_catch_up.restore(), self._hub.digests(), is_anew=True)

    def close(self) -> None:
        """End the thread."""
        self._is_closed = True
        self._wake.set()
        self._thread.join()

    def refresh(self) -> None:
        """Keep what this process holds from expiring in the registry.

        What has expired all the same, because this process stood still for example, is written
        again.

        :raises RegistryUnavailable: if the registry cannot be reached.
        """
        connections = list(self._hub.connections())
        for chosen in portions(connections, self._weights.connection, REFRESHED_AT_ONCE):
            unknown = self._registry.refresh(self._records(chosen), ())
            if unknown:
                self._note((), unknown)
        for names in portions(self._delivery.names(), lambda _: 1, CHANNELS_AT_ONCE):
            self._registry.refresh((), names)

    def _note(
        self, names: Collection[str], digests: Collection[str], is_anew: bool = False
    ) -> None:
        if not (names or digests or is_anew):
            return
        # Not on the thread: a connection that resumes right now must read its subscriptions again.
        self._hub.mark_stale(digests)
        with self._lock:
            self._paused.update(names)
            self._changed.update(digests)
            self._is_anew |= is_anew
        self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        seconds = None
        while not self._is_closed:
            # New work ends the wait, above all the news that Redis is heard again.
            self._wake.wait(seconds)
            self._wake.clear()
            with self._lock:
                paused, self._paused = self._paused, set()
                changed, self._changed = self._changed, set()
                is_anew, self._is_anew = self._is_anew, False
            self._is_failing = not self._work(paused, changed, is_anew)
            seconds = RETRY_SECONDS if self._is_failing or changed else None
            with self._lock:
                self._paused |= paused
                # Some wait for a departure of theirs, of which the registry may say no more.
                self._changed |= changed
                self._is_anew |= is_anew and self._is_failing
            if self._is_failing:
                # The failed reading has asked for the next one, which has to wait.
                self._wake.clear()

    def _work(self, paused: set[str], changed: set[str], is_anew: bool) -> bool:
        try:
            self._missed_orders.replay()
            has_told = self.departures.tell()
            if is_anew:
                begun = self._channel_catch_up.begin()
                self._read_clients_first(changed)
                self._channel_catch_up.release(begun)
            if paused:
                self._channel_catch_up.run(paused, PATIENCE_SECONDS, waits=False)
                paused.clear()
            self._read_clients(changed)
        except RegistryUnavailable as error:
            level = logging.DEBUG if self._is_failing else logging.WARNING
            logger.log(level, "The registry is unavailable; trying again: %s", error)
            return False
        except Exception:
            logger.exception("Reading %d logs and %d clients failed.", len(paused), len(changed))
            # Paused channels are tried again. Clients are not, because they would fail again.
            changed.clear()
            return False
        return has_told

    def _read_clients_first(self, changed: set[str]) -> None:
        """Read the clients before the logs: some may have left channels unheard, and what was
        pushed behind that is not for them. If clients cannot be read twice, the logs are read."""
        is_last, self._were_unread = self._were_unread, True
        try:
            self._read_clients(changed)
        except RegistryUnavailable:
            if not is_last:
                raise
        self._were_unread = False

    def _read_clients(self, changed: set[str]) -> None:
        """Apply the subscriptions of clients, which are taken out, but for those that wait."""
        self._hub.begin_reading(changed)
        # A client that has left a channel would be put on it again. Asked behind the beginning,
        # since a kick is noted before it bars: one that is not noted yet still bars.
        held_up = changed & self.departures.clients()
        self._apply(list(changed - held_up))
        changed &= held_up

    def _apply(self, digests: list[str]) -> None:
        for chunk in portions(digests, self._weights.client, CLIENTS_AT_ONCE):
            found = [
                (one, subscriptions)
                for digest, subscriptions in self._registry.subscriptions(chunk).items()
                for one in self._hub.connections(digest)
                if self._hub.is_ready(one)
            ]
            lost = {
                one
                for one, stands in found
                if one.digest in self._untold or self._is_lost(one, stands)
            }
            # Applied first, so that a restore that fails does not delay the others.
            for connection, stands in found:
                if connection not in lost and stands is not None:
                    self._apply_to(connection, stands)
            restored = self._restore(list(lost))
            self._untold.difference_update(chunk)
            for connection, _ in found:
                # Restored by one connection of a client, and new to the client's others.
                if connection.digest in restored:
                    self._apply_to(connection, restored[connection.digest])
            self._note((), self._unmet(restored, {one for one, _ in found}))

    def _unmet(self, digests: Iterable[str], met: Collection[Listener]) -> list[str]:
        """Return the clients that have a connection which is not in *met*."""
        own = self._hub.connections
        return [one for one in digests if any(connection not in met for connection in own(one))]

    def _is_lost(self, connection: Any, subscriptions: Subscriptions | None) -> bool:
        """Return whether the registry knows less of a client than this process does."""
        if subscriptions is None:
            return True
        known = self._hub.noted(connection)
        is_forgotten = connection.name not in subscriptions.connections
        went_back = subscriptions.lost(known) or subscriptions.undead(known)
        return is_forgotten or bool(went_back)

    def _restore(self, connections: list[Any]) -> dict[str, Subscriptions]:
        """Write clients again; return, by digest, the subscriptions that each has now."""
        if not connections:
            return {}
        records = self._records(connections)
        known = [
            (one, record, self._hub.noted(one))
            for one, record in zip(connections, records, strict=True)
        ]
        # A connection that has ended may have no subscriptions any more: that must not be written.
        known = [one for one in known if self._hub.is_ready(one[0])]
        if not known:
            return {}
        # Noted before the call, because a call that fails may have been carried out all the same.
        self._untold.update(one[0].digest for one in known)
        restored = self._registry.restore([one[1:] for one in known])
        for connection, record, _ in known:
            if not self._hub.is_ready(connection):
                # The connection ended meanwhile, and must not count as the client's latest.
                self._registry.forget_connection(ConnectionRecord(record.digest, record.name, {}))
        return {one[0].digest: stands for one, stands in zip(known, restored, strict=True)}

    def _apply_to(self, connection: Listener, subscriptions: Subscriptions) -> None:
        undone = self._hub.leaves.undone(connection, subscriptions)
        self._hub.note(connection, subscriptions)
        present = self._hub.channels(connection)
        again = self._hub.begun_anew(connection, subscriptions.with_past)
        left = present - subscriptions.keys()
        gone = self._hub.leaves.postpone(connection, left, subscriptions.ends) | again | undone
        self._hub.leave(connection, gone)
        new = Subscriptions(
            (name, one) for name, one in subscriptions.items() if name not in present - gone
        )
        if new:
            self._enter(connection, new)  # type: ignore[arg-type]

    def _records(self, connections: Sequence[Any]) -> list[ConnectionRecord]:
        pieces = in_pieces(connections, LOOKED_AT_AT_ONCE)
        reached = [(one, self._hub.reached(one)) for piece in pieces for one in piece]
        # Without this, a frame that was posted but is in no outbox yet would count as sent.
        self._settle()
        return [
            ConnectionRecord(one.digest, one.name, one.sent(at), one.opened_at)
            for piece in in_pieces(reached, LOOKED_AT_AT_ONCE)
            for one, at in piece
        ]
