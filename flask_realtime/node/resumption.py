"""Puts a socket on its channels: at its opening, when it resumes, and at new subscriptions."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ..connection.connection import Connection
from ..errors import CloseCode, InvalidMessage, RegistryUnavailable
from ..hub.connection_catch_up import ConnectionCatchUp, Report
from ..hub.hub import Hub
from ..hub.unnoted_kicks import UnnotedKicks
from ..identity.keys import shorten
from ..protocol.messages import SPEAKS_OF_LEAVING, Message, lost_message, parse_positions
from ..protocol.positions import Position
from ..registries.base import Registry
from ..registries.subscriptions import Subscriptions
from ..threads import clock
from ..threads.rare_warnings import RareWarnings

warnings = RareWarnings(logging.getLogger(__name__))

# How long a client that has promised "resume" may take to send it: a script sends it at once.
RESUME_SECONDS = 60.0
#: What a client is told that resumes twice, or that has not promised to resume.
RESUMES_ONCE = "A socket resumes once, with resume=1 in its address and as its first message."


def read_resume(message: Message) -> dict[str, Position]:
    """Return the positions that the first message of a socket with resume=1 in its address names.

    :raises InvalidMessage: if the message is no ``resume``, or if it names no positions.
    """
    if message.action != "resume":
        must = f"the first message must be 'resume', not {message.action!r}."
        raise InvalidMessage(f"The address says resume=1, so {must}")
    return parse_positions(message.data)


class Resumption:
    """Puts the sockets of this process on their channels, each where it left off.

    :param hub: knows which connections are on which channels.
    :param catch_up: sends a socket what it has missed.
    :param registry: this process's registry.
    :param changed: has the subscriptions of a client read anew, because they may have changed
        while a socket had none of them yet.
    :param unnoted_kicks: the channels that clients were put out of, and that the registry still has
        them on.
    """

    def __init__(
        self,
        hub: Hub,
        catch_up: ConnectionCatchUp,
        registry: Registry,
        changed: Callable[[str], None],
        unnoted_kicks: UnnotedKicks,
    ) -> None:
        self._hub = hub
        self._catch_up = catch_up
        self._registry = registry
        self._changed = changed
        self._unnoted_kicks = unnoted_kicks

    def await_resume(self, connection: Connection) -> None:
        """Give the peer, which has promised a ``resume``, some time to send it."""
        connection.resume_by = clock.monotonic() + RESUME_SECONDS

    def reached(self, connection: Connection) -> Mapping[str, Position]:
        """Return, by channel, the position up to which a socket was sent pushes."""
        return self._hub.reached(connection)

    def begin(self, connection: Connection, known: Subscriptions | None) -> None:
        """Put a socket whose client never resumes on the channels of its client.

        It goes on behind what the client's last socket was sent.

        :param known: the client's subscriptions at the handshake; None for an unknown client.
        """
        if self._is_sent_back(connection):
            return
        subscriptions = self._without_left(connection, Subscriptions() if known is None else known)
        starts = {name: one.sent or one.begins for name, one in subscriptions.items()}
        self._begin(connection, starts, subscriptions, None)

    def resume(
        self,
        connection: Connection,
        known: Subscriptions | None,
        message_id: Any,
        named: Mapping[str, Position],
    ) -> None:
        """Put a socket that has sent ``resume`` on the channels of its client, and reply.

        :param known: the client's subscriptions at the handshake; None for an unknown client.
        :param message_id: the id of the message, for the reply.
        :param named: by channel, how far the client says it is.
        """
        connection.resume_by = None
        if self._is_sent_back(connection):
            return
        try:
            subscriptions = self._present(connection, known)
        except RegistryUnavailable as error:
            _close_away(connection, error)
            return
        starts = {name: named.get(name, one.begins) for name, one in subscriptions.items()}
        foreign = [name for name in named if name not in subscriptions]
        # What was pushed before the page was subscribed is not for it.
        early = [name for name, one in subscriptions.items() if starts[name].is_before(one.begins)]
        starts.update((name, subscriptions[name].begins) for name in early)

        def report(missing: list[str], begins: Mapping[str, Position]) -> None:
            lost = early + [name for name in missing if name not in early]
            reply: dict[str, Any] = {"known": known is not None, "lost": foreign + lost}
            if connection.speaks >= SPEAKS_OF_LEAVING:
                left = [name for name in foreign if name in subscriptions.left]
                reply["lost"] = [name for name in foreign if name not in left] + lost
                reply["left"] = left
                # Where the client begins on channels that it did not name. With this, its script
                # can tell a loss on a channel on which no message has come yet.
                reply["positions"] = {
                    name: str(at)
                    for name, at in begins.items()
                    if name not in named and name not in lost
                }
            connection.reply(json.dumps({"id": message_id, "status": 200, **reply}))
            # As for the others that are lost: a script waits for this message, and would take that
            # of a later loss for it.
            for name in early:
                if name in begins and name not in missing:
                    connection.reply(lost_message(name, begins[name]))

        self._begin(connection, starts, subscriptions, report)

    def enter(self, connection: Connection, subscriptions: Subscriptions) -> None:
        """Put a socket on further channels, behind the jobs that it has already.

        :param subscriptions: those to these channels.
        """
        if self._is_sent_back(connection):
            return
        starts = {name: one.begins for name, one in subscriptions.items()}
        self._invite(connection, starts, subscriptions, None)

    def _is_sent_back(self, connection: Connection) -> bool:
        """Close a socket (1012) if its client may have left a channel on which it would be put.

        The page comes back at once, and the registry knows what it still hears.
        """
        if not self._unnoted_kicks.may_lack(connection.digest, connection.opened_at):
            return False
        connection.close(CloseCode.SERVICE_RESTART, "Come back.")
        return True

    def _present(self, connection: Connection, known: Subscriptions | None) -> Subscriptions:
        """Return what the client is subscribed to now.

        A client that has left a channel since the handshake must not hear what was pushed there
        meanwhile.
        """
        subscriptions = Subscriptions() if known is None else known
        if self._hub.is_stale(connection):
            digest = connection.digest
            present = self._registry.subscriptions([digest])[digest]
            if present is not None:
                subscriptions = subscriptions.brought_to(present)
                self._hub.note(connection, subscriptions)
        return self._without_left(connection, subscriptions)

    def _without_left(self, connection: Connection, subscriptions: Subscriptions) -> Subscriptions:
        """Leave out what this process has put the client out of, and the registry has not yet."""
        for name in self._unnoted_kicks.channels(connection.digest):
            subscriptions.pop(name, None)
        return subscriptions

    def _begin(
        self,
        connection: Connection,
        starts: Mapping[str, Position],
        subscriptions: Subscriptions,
        report: Report | None,
    ) -> None:
        # On this thread if nothing was missed: a job needs a second thread, which takes a tenth of
        # a handshake's time to start, and 2 KB of memory.
        if connection.jobs.pending or not self._catch_up.is_done(starts):
            self._invite(connection, starts, subscriptions, report)
            return
        self._hub.invite(connection, starts, subscriptions.with_past)
        self._enter(connection, report)

    def _invite(
        self,
        connection: Connection,
        starts: Mapping[str, Position],
        subscriptions: Subscriptions,
        report: Report | None,
    ) -> None:
        # Here and not in the job: a client that leaves a channel meanwhile must not be put on it
        # afterwards.
        self._hub.invite(connection, starts, subscriptions.with_past)
        connection.jobs.submit(lambda: self._enter(connection, report))

    def _enter(self, connection: Connection, report: Report | None) -> None:
        try:
            self._catch_up.run(connection, report)
        except RegistryUnavailable as error:
            _close_away(connection, error)
            return
        if self._hub.mark_subscribed(connection):
            self._changed(connection.digest)


def _close_away(connection: Connection, error: RegistryUnavailable) -> None:
    digest = shorten(connection.digest)
    line = f"Closing socket {digest}, because the logs of its channels cannot be read: {error}"
    warnings.warn("unread", line)
    connection.close(CloseCode.TRY_AGAIN_LATER, "The registry is unavailable; reconnect.")
