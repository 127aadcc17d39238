"""Closes this process's sockets, and takes its pages off channels, when a registry says so."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import CloseCode
from ..hub.hub import Hub
from ..registries.records import Disconnect
from ..session.known_ends import KnownEnds

# How many kicks are remembered of which the registry has yet to say when they were, and how many
# clients of each.
MOST_PENDING = 10_000

_REASONS: dict[int, str] = {
    CloseCode.NORMAL: "The session has ended.",
    CloseCode.SESSION_CHANGED: "The session changed.",
    CloseCode.SERVICE_RESTART: "Come back.",
}


class Evictions:
    """Carries out in this process what any process has ordered.

    :param hub: knows this process's connections.
    :param known_ends: the sessions whose end this process knows of.
    :param unsubscribe: has the registry note, in the background, that the client of a digest has
        left a channel: see :meth:`.Reconciler.unsubscribe`.
    """

    def __init__(
        self,
        hub: Hub,
        known_ends: KnownEnds,
        unsubscribe: Callable[[str, str, bool, int | None], None],
    ) -> None:
        self._hub = hub
        self._known_ends = known_ends
        self._unsubscribe = unsubscribe
        self._lock = threading.Lock()
        # By user and channel, the clients of kicks of which the registry is about to say when they
        # were.
        self._pending: dict[tuple[str, str], tuple[str, ...]] = {}

    def end_session(self, session: str, heir: str) -> None:
        """Let no page of a browser session connect to this process any more."""
        self._known_ends.note(session, heir)

    def disconnect(self, order: Disconnect) -> None:
        """Close the sockets that *order* names."""
        if order.session is not None and order.code != CloseCode.SERVICE_RESTART:
            # The session has ended. The registry may not have noted that: where Redis refuses to
            # write, it may hand on orders.
            self._known_ends.note_order(order.session, order.is_left)
        if order.user is not None:
            self._known_ends.note_user(order.user)
        reason = _REASONS.get(order.code, "")
        for connection in self._hub.connections(order.digest, order.session, order.user):
            if connection.opened_at < order.opened_before:  # type: ignore[attr-defined]
                connection.disconnect(order.code, reason)  # type: ignore[attr-defined]

    def unsubscribe(self, user: str, channel: str, when: int | None = 0) -> None:
        """Take all pages of a user off a channel.

        :param when: when the user was put out of it, as :meth:`.Registry.unsubscribe` takes it.
            None: the registry is about to be told of it, and this method is called once more when
            the registry has said when it was. What the pages ask for after that moment lasts.
        """
        connections = self._hub.connections(user=user)
        digests = tuple([one.digest for one in connections])
        with self._lock:
            pending = self._pending.pop((user, channel), ())
            if when is None and (pending or digests):
                self._await(user, channel, (*pending, *digests))
        for connection in connections:
            # Noted first, so that no subscriptions are read from now on that do not know of it.
            was_on = channel in self._hub.channels(connection)
            self._unsubscribe(connection.digest, channel, was_on, when)
            # The connection is off the channel at once, even if the registry notes it later.
            self._hub.leave(connection, [channel], bars=True)
        if when is not None:
            # Those whose sockets have gone meanwhile may come back, and ask for the channel again.
            for digest in set(pending).difference(digests):
                self._unsubscribe(digest, channel, False, when)

    def _await(self, user: str, channel: str, digests: tuple[str, ...]) -> None:
        # Each once, since the registry may never say it of a user who is kicked again and again.
        self._pending[user, channel] = tuple(dict.fromkeys(digests))[-MOST_PENDING:]
        if len(self._pending) > MOST_PENDING:
            self._pending.pop(next(iter(self._pending)), None)
