"""Brings connections to what the registry knows of their clients, and the registry to the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ..identity.keys import shorten
from ..registries.base import Registry
from ..registries.records import ConnectionRecord
from ..registries.subscriptions import Subscriptions
from ..threads.pause import in_pieces
from ..threads.portions import portions
from .attempts import Attempts
from .connection_catch_up import Subscriber
from .hub import Hub
from .members import Listener
from .unnoted_kicks import UnnotedKicks
from .weights import Weights

# What one call may weigh (see weights.py), since parsing the replies stops the loop under gevent.
CLIENTS_AT_ONCE = 2000
# How many connections are looked at between two pauses.
LOOKED_AT_AT_ONCE = 500


class ClientCatchUp:
    """Reads the subscriptions of clients, applies them to their connections, and writes clients
    again that the registry has lost. One thread at a time may use it.

    :param unnoted_kicks: the clients that this process has put out of channels.
    :param ask_to_read: has clients read once more, by their digests.
    :param enter: brings a connection onto new channels, in a job of the connection's own.
    :param settle: waits until every frame that was posted is in an outbox or sent.
    """

    def __init__(
        self,
        hub: Hub,
        registry: Registry,
        unnoted_kicks: UnnotedKicks,
        ask_to_read: Callable[[Collection[str]], None],
        enter: Callable[[Subscriber, Subscriptions], None],
        settle: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._registry = registry
        self._unnoted_kicks = unnoted_kicks
        self._ask_to_read = ask_to_read
        self._enter = enter
        self._settle = settle
        self._weights = Weights(hub)
        # Clients that may have been restored, and whose other connections have not been told yet.
        self._untold: set[str] = set()
        self._reading = Attempts(
            "Reading the subscriptions of client %s", lambda some: self._apply(some), shorten
        )

    def run(self, changed: set[str]) -> None:
        """Apply the subscriptions of clients, which are taken out, but for those that wait, and
        those for which this fails."""
        self._hub.begin_reading(changed)
        # A client that has left a channel would be put on it again. Asked behind the beginning,
        # since a kick is noted before it bars: one that is not noted yet still bars.
        held_up = changed & self._unnoted_kicks.clients()
        wanted = changed - held_up
        present = {digest for digest in wanted if self._hub.connections(digest)}
        self._untold -= wanted - present
        changed &= held_up | self._reading.run(present)

    def _apply(self, digests: Sequence[str]) -> None:
        for chunk in portions(digests, self._weights.client, CLIENTS_AT_ONCE):
            found: list[tuple[Any, Subscriptions | None]] = []
            for digest, subscriptions in self._registry.subscriptions(chunk).items():
                for one in self._hub.connections(digest):
                    if self._hub.is_ready(one):
                        found.append((one, subscriptions))
                    elif subscriptions is not None:
                        self._take_off(one, subscriptions)
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
            self._ask_to_read(self._unmet(restored, {one for one, _ in found}))

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
        records = self.records(connections)
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
        undone = self._hub.late_leaves.undone(connection, subscriptions)
        self._hub.note(connection, subscriptions)
        present = self._hub.channels(connection)
        again = self._hub.begun_anew(connection, subscriptions.with_past)
        left = present - subscriptions.keys()
        gone = self._hub.late_leaves.postpone(connection, left, subscriptions) | again | undone
        self._hub.leave(connection, gone)
        new = Subscriptions(
            (name, one) for name, one in subscriptions.items() if name not in present - gone
        )
        if new:
            self._enter(connection, new)  # type: ignore[arg-type]

    def _take_off(self, connection: Listener, subscriptions: Subscriptions) -> None:
        """Take a connection that does not have its first subscriptions yet off what it has left.

        It hears some channels live already, whose logs are about to be read. Its subscriptions are
        read once more when it has them, and it comes then to what is new.
        """
        known = self._hub.noted(connection)
        gone = known.moments.keys() - subscriptions.keys() - subscriptions.lost(known)
        off = self._hub.late_leaves.postpone(connection, gone, subscriptions)
        again = self._hub.late_leaves.undone(connection, subscriptions)
        self._hub.leave(connection, off | again, bars=True)

    def records(self, connections: Sequence[Any]) -> list[ConnectionRecord]:
        pieces = in_pieces(connections, LOOKED_AT_AT_ONCE)
        reached = [(one, self._hub.reached(one)) for piece in pieces for one in piece]
        # Without this, a frame that was posted but is in no outbox yet would count as sent.
        self._settle()
        return [
            ConnectionRecord(one.digest, one.name, one.sent(at), one.opened_at)
            for piece in in_pieces(reached, LOOKED_AT_AT_ONCE)
            for one, at in piece
        ]
