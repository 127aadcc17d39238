"""Keeps the channels and clients of a process in step with its registry, in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from ..errors import RegistryUnavailable
from ..identity.keys import shorten
from ..registries.base import Registry
from ..registries.subscriptions import Subscriptions
from ..threads.background import BackgroundThread
from ..threads.portions import portions
from .attempts import Attempts
from .channel_catch_up import ChannelCatchUp
from .client_catch_up import ClientCatchUp
from .connection_catch_up import Subscriber
from .delivery import Delivery
from .hub import Hub
from .missed_orders import MissedOrders
from .shared_reads import PATIENCE_SECONDS
from .unnoted_kicks import UnnotedKicks
from .weights import Weights

logger = logging.getLogger(__name__)

# Seconds between two attempts while the registry is away.
RETRY_SECONDS = 1.0
# What one call may weigh (see weights.py).
# Of connections that are refreshed: five times as much takes nearly all of a call's deadline.
REFRESHED_AT_ONCE = 20_000
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
        self._reading = Attempts(
            "Reading the log of channel %s",
            lambda names: channel_catch_up.run(names, PATIENCE_SECONDS, waits=False),
        )
        self._changed: set[str] = set()
        #: The clients that this process has put out of channels, and the registry has not.
        self.unnoted_kicks = UnnotedKicks(registry)
        self._client_catch_up = ClientCatchUp(
            hub, registry, self.unnoted_kicks, partial(self._note, ()), enter, settle
        )
        self._keeping_clients = Attempts(
            "Keeping client %s from expiring", lambda some: self._keep_clients(some), shorten
        )
        self._keeping_channels = Attempts(
            "Keeping channel %s from expiring", lambda some: self._keep_channels(some)
        )

    def recover(self, names: Collection[str]) -> None:
        """Have the logs of paused channels read."""
        self._note(names, ())

    def changed(self, digest: str, left: Collection[str] = ()) -> None:
        """Have the subscriptions of a client read again and applied to its connections.

        :param left: channels that its connections leave before this returns, and a push may follow;
            of a paused one they hear what its log has from before they left, and no more. With the
            times, if these are known.
        """
        is_held = False
        for connection in self._hub.connections(digest) if left else ():
            if isinstance(left, Mapping):
                self._hub.late_leaves.note(connection, left)
            held = self._hub.late_leaves.hold(connection, left)
            self._hub.leave(connection, set(left) - held, bars=True)
            is_held |= bool(held)
        self._note((), (digest,), is_held)

    def unsubscribe(self, digest: str, channel: str, was_on: bool, when: int | None) -> None:
        """Have the registry note that a client was put out of a channel: see
        :meth:`.UnnotedKicks.add`; only once it has said when, or failed to, if *when* is None."""
        self.unnoted_kicks.add(digest, channel, was_on, when)
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
        self._keeping_clients.run(self._hub.digests())
        self._keeping_channels.run(self._delivery.names())

    def _keep_clients(self, digests: Iterable[str]) -> None:
        connections = [one for digest in digests for one in self._hub.connections(digest)]
        for chosen in portions(connections, self._weights.connection, REFRESHED_AT_ONCE):
            unknown = self._registry.refresh(self._client_catch_up.records(chosen), ())
            if unknown:
                self._note((), unknown)

    def _keep_channels(self, names: Sequence[str]) -> None:
        for chosen in portions(names, lambda _: 1, CHANNELS_AT_ONCE):
            self._registry.refresh((), chosen)

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
            # Of some kicks the registry may never say when they were.
            has_more = self._is_failing or changed or self.unnoted_kicks.clients()
            seconds = RETRY_SECONDS if has_more else None
            with self._lock:
                has_news = self._is_anew or self._paused - paused or self._changed - changed
                if self._is_failing and not has_news:
                    # The failed reading has asked for the next one, which has to wait.
                    self._wake.clear()
                self._paused |= paused
                self._changed |= changed  # Some wait until a kick of theirs is told.
                self._is_anew |= is_anew and self._is_failing

    def _work(self, paused: set[str], changed: set[str], is_anew: bool) -> bool:
        try:
            has_replayed = self._missed_orders.replay()
            has_told = self.unnoted_kicks.tell()
            if is_anew:
                begun = self._channel_catch_up.begin()
                self._read_clients_first(changed)
                self._channel_catch_up.release(begun)
            paused &= self._reading.run(paused)
            self._client_catch_up.run(changed)
        except RegistryUnavailable as error:
            level = logging.DEBUG if self._is_failing else logging.WARNING
            logger.log(level, "The registry is unavailable; trying again: %s", error)
            return False
        except Exception:
            level = logging.DEBUG if self._is_failing else logging.ERROR
            logger.log(level, "Reading logs and clients failed; trying again.", exc_info=True)
            return False
        return has_replayed and has_told and not paused

    def _read_clients_first(self, changed: set[str]) -> None:
        """Read the clients before the logs: some may have left channels unheard, and what was
        pushed behind that is not for them. If clients cannot be read twice, the logs are read."""
        is_last, self._were_unread = self._were_unread, True
        try:
            self._client_catch_up.run(changed)
        except RegistryUnavailable:
            if not is_last:
                raise
        self._were_unread = False
