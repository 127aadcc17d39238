"""Calls to Redis: a few connections for many callers, and one deadline for each call."""

from __future__ import annotations

import math
import queue
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import RegistryUnavailable
from ...threads import clock
from ...threads.fork import ForkLocal
from ..unreadable import Unreadable
from .address import RedisAddress
from .batches import batches
from .connecting import Connecting
from .connection import ConnectionLost, Deadline, RedisConnection
from .generations import Generations
from .resp import ErrorReply, refused_with
from .scripts import LOADING, Command, size_of, with_text
from .silence import Silence
from .survey import RedisSurvey

# Redis runs one command at a time: with more connections callers would wait in Redis in place of
# here.
MOST_CONNECTIONS = 32
# Seconds after which an unused connection is closed: some firewalls silently forget idle ones.
IDLE_SECONDS = 60.0
# The codes of temporary errors: a command that is refused with one may be accepted later.
PASSING = (
    "BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "READONLY",
)  # fmt: skip
# The codes of errors of a replica, which may have been the master when a connection was made.
OF_REPLICAS = ("MASTERDOWN", "READONLY")

#: The places of one process's connections: each holds an unused connection, or None.
Places = queue.LifoQueue[RedisConnection | None]


class RedisPool:
    """Calls one Redis; connects at a process's first call, and anew after a fork.

    :param address: where Redis is.
    :param timeout_seconds: how long one call may take in all.
    :param survey: asks, with the first call of a process, what kind of Redis this is.
    """

    def __init__(
        self, address: RedisAddress, timeout_seconds: float, survey: RedisSurvey | None = None
    ) -> None:
        self.address = address
        self.timeout_seconds = timeout_seconds
        self._survey = survey
        self._places: ForkLocal[Places] = ForkLocal(self._make_places)
        #: Calls connect anew once another generation has begun.
        self.generations = Generations()
        self._silence = Silence(timeout_seconds)
        self._checks: Callable[[], Sequence[Command]] = tuple
        # Whether Redis may have gone away and come back since it last replied.
        self._is_unsure = False
        self._is_closed = False
        #: Whether Redis has refused a step because its keys were in several slots.
        self.is_cluster = False

    def check_with(self, checks: Callable[[], Sequence[Command]]) -> None:
        """Run commands before the next call, whenever Redis may have gone away and come back.

        :param checks: returns the commands; their replies are dropped.
        """
        self._checks = checks

    def deadline(self) -> Deadline:
        """Return the deadline of a call that begins now."""
        return Deadline(self.timeout_seconds)

    def ask(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        """Return the replies to *commands*, in their order.

        :raises RegistryUnavailable: if not all have come in time, or Redis refused a command.
        """
        try:
            replies = self.run(commands, deadline)
        except ConnectionLost as error:
            raise self.unavailable(error) from None
        for reply in replies:
            if type(reply) is ErrorReply:
                self.is_cluster = self.is_cluster or reply.code == "CROSSSLOT"
                raise self.unavailable(reply)
        return replies

    def run(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        """Return the replies to *commands*, in their order; each may be an ``ErrorReply``.

        Where the connection breaks, the commands are run once more.

        :raises ConnectionLost: if not all have come in time; it has the replies that came.
        """
        replies: list[Any] = []
        if not commands:
            # No answer of Redis, which would end its silence.
            return replies
        with self._silence.watch(deadline):
            for batch in batches(commands, size_of):
                try:
                    replies += self._run(batch, deadline)
                except ConnectionLost as error:
                    error.replies = replies + error.replies
                    raise
        return replies

    def time_ms(self, deadline: Deadline) -> float:
        """Return what the clock of Redis said during this call, in ms since 1970.

        :raises RegistryUnavailable: if Redis has not replied in time.
        """
        ((seconds, microseconds),) = self.ask([("TIME",)], deadline)
        return int(seconds) * 1000 + int(microseconds) / 1000

    def over_at(self, deadline: Deadline) -> int:
        """Return when *deadline* is over, by the clock of Redis, in ms since 1970.

        A command may be held up on its way, and arrive long after its caller has given it up. A
        script that is given this time can tell.

        :raises RegistryUnavailable: if Redis has not replied in time.
        """
        return math.floor(self.time_ms(deadline)) + deadline.left_ms

    def unavailable(self, reason: object, **details: Any) -> RegistryUnavailable:
        """Return an error that says what happened, and at which Redis."""
        is_of_data = type(reason) is ErrorReply and reason.is_of_data
        kind = Unreadable if is_of_data else RegistryUnavailable
        return kind(f"{self.address} is not available: {reason}", **details)

    def close(self) -> None:
        """Close all connections: those that are in use as soon as their calls are done."""
        self._is_closed = True
        places = self._places.get()
        for _ in range(places.maxsize):
            try:
                connection = places.get_nowait()
            except queue.Empty:
                return
            if connection is not None:
                connection.close()

    def _run(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        generation = self.generations.present
        try:
            replies = self._attempt(commands, deadline)
        except ConnectionLost as error:
            if error.is_late:
                raise
            return self._repeat(commands, deadline, error.replies)
        # The connection leads to a former master; a new one finds the present master.
        refused = refused_with(OF_REPLICAS, replies)
        if refused and self.generations.renew(generation):
            self._redo(replies, refused, commands, deadline)
        return replies

    def _repeat(
        self, commands: Sequence[Command], deadline: Deadline, replies: list[Any]
    ) -> list[Any]:
        try:
            return self._attempt(commands, deadline)
        except ConnectionLost as error:
            error.replies = max(replies, error.replies, key=len)
            raise

    def _redo(
        self,
        replies: list[Any],
        refused: Sequence[int],
        commands: Sequence[Command],
        deadline: Deadline,
    ) -> None:
        """Run the commands that were *refused* again, over a new connection."""
        try:
            again = self._attempt([commands[index] for index in refused], deadline)
        except ConnectionLost as error:
            error.replies = replies
            raise
        for index, reply in zip(refused, again, strict=True):
            replies[index] = reply

    def _attempt(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        places = self._places.get()
        connection = self._take(places, deadline)
        kept = None
        try:
            replies = self._exchange(connection, commands, deadline)
            kept = connection
            return replies
        except ConnectionLost:
            self.generations.begin()
            raise
        finally:
            # If the exchange ended in any other way, such as by the kill of this greenlet, the
            # connection may be in the middle of a reply.
            if kept is None:
                self._discard(connection)
            self._give_back(places, kept)

    def _exchange(
        self, connection: RedisConnection, commands: Sequence[Command], deadline: Deadline
    ) -> list[Any]:
        checks = self._due_checks()
        loading = () if connection.is_loaded else LOADING
        questions = self._survey.commands() if self._survey is not None else ()
        behind_checks = len(loading) + len(checks)
        ahead = behind_checks + len(questions)
        try:
            replies = connection.exchange([*loading, *checks, *questions, *commands], deadline)
        except ConnectionLost as error:
            error.replies = error.replies[ahead:]
            raise
        connection.is_loaded = True
        if any(type(one) is ErrorReply and one.code in PASSING for one in replies[:behind_checks]):
            self._is_unsure = True
        if self._survey is not None:
            self._survey.note(replies[behind_checks:ahead])
        replies = replies[ahead:]
        for index, reply in enumerate(replies):
            if type(reply) is ErrorReply and reply.code == "NOSCRIPT":
                # All commands from the first refused one on, although a later one may have found
                # its script: the order must stay. Pushes are recognised by their ids.
                again = [with_text(one) for one in commands[index:]]
                return self._exchange_behind(replies[:index], connection, again, deadline)
        return replies

    def _exchange_behind(
        self,
        done: list[Any],
        connection: RedisConnection,
        commands: Sequence[Command],
        deadline: Deadline,
    ) -> list[Any]:
        try:
            return done + connection.exchange(commands, deadline)
        except ConnectionLost as error:
            error.replies = done + error.replies
            raise

    def _due_checks(self) -> Sequence[Command]:
        if not self._is_unsure:
            return ()
        # Reset before the checks are made, since they may miss what happens from now on.
        self._is_unsure = False
        checks = list(self._checks())
        # With the script's text, because Redis may have forgotten the script.
        checks[:1] = map(with_text, checks[:1])
        return checks

    def _take(self, places: Places, deadline: Deadline) -> RedisConnection:
        """Take a place, and a connection that may be used."""
        if self._is_closed:
            raise ConnectionLost("close() was called, or a with block has ended")
        try:
            connection = places.get(timeout=deadline.remaining())
        except queue.Empty:
            reason = f"all {places.maxsize} connections are busy"
            raise ConnectionLost(reason, is_late=True) from None
        if connection is not None:
            if self._is_usable(connection):
                return connection
            self._discard(connection)
        generation = self.generations.present

        def give_back(late: RedisConnection | None) -> None:
            if late is not None:
                late.generation = generation
            self._give_back(places, late)

        connection = Connecting(self.address, give_back).run(deadline)
        connection.generation = generation
        return connection

    def _give_back(self, places: Places, connection: RedisConnection | None) -> None:
        """Free a place, with a connection that others may use, or None."""
        if connection is not None and self._is_closed:
            connection.close()
            connection = None
        if connection is not None:
            connection.used_at = clock.monotonic()
        places.put(connection)

    def _is_usable(self, connection: RedisConnection) -> bool:
        is_fresh = clock.monotonic() - connection.used_at < IDLE_SECONDS
        return is_fresh and connection.generation == self.generations.present

    def _discard(self, connection: RedisConnection) -> None:
        connection.close()
        self._is_unsure = True

    def _make_places(self) -> Places:
        most = min(self.address.max_connections, MOST_CONNECTIONS)
        places: Places = queue.LifoQueue(most)
        for _ in range(most):
            places.put(None)
        return places
