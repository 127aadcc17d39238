"""Calls to Redis: a few connections for many callers, and one deadline a call."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import RegistryUnavailable
from .address import RedisAddress
from .connection import Deadline, LinkLost, RedisConnection
from .resp import ErrorReply
from .scripts import LOADING, Command, with_text

# Redis does one thing at a time, and so does this process: more would only wait there.
MOST_LINKS = 32
# A firewall forgets a silent connection without a word to either end.
IDLE_SECONDS = 60.0
# Sent together; under gevent nobody else runs while they are made into bytes.
COMMANDS_AT_ONCE = 500
# Refused so, a command may be taken later.
PASSING = (
    "BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "READONLY",
)  # fmt: skip


class SlotsDiffer(RegistryUnavailable):
    """Redis is a cluster, and what was asked in one step has keys in several of its slots."""


class RedisPool:
    """One Redis, as this process calls it; connects at the first call, and anew after a fork.

    :param timeout_seconds: how long one call may take in all.
    """

    def __init__(self, address: RedisAddress, timeout_seconds: float) -> None:
        self.address = address
        self.timeout_seconds = timeout_seconds
        self._generation = 0
        self._checks: Callable[[], Sequence[Command]] = tuple
        # Whether Redis may have gone away and come back since it last replied.
        self._is_unsure = False
        self._is_closed = False
        self._process = 0
        self._begin()

    def check_with(self, checks: Callable[[], Sequence[Command]]) -> None:
        """Run what *checks* returns, ahead of the next call, wherever Redis may have gone away and
        come back; the replies concern nobody."""
        self._checks = checks

    def deadline(self) -> Deadline:
        """The deadline of a call that begins now."""
        return Deadline(self.timeout_seconds)

    def ask(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        """The replies to *commands*.

        :raises RegistryUnavailable: if not all have come in time, or one was refused.
        """
        try:
            replies = self.run(commands, deadline)
        except LinkLost as error:
            raise self.unavailable(error) from None
        for reply in replies:
            if type(reply) is ErrorReply:
                raise self.unavailable(reply)
        return replies

    def run(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        """The replies to *commands*, each may be a ErrorReply; what broke is tried once more.

        :raises LinkLost: if not all have come in time; it has the replies that came.
        """
        replies: list[Any] = []
        for start in range(0, len(commands), COMMANDS_AT_ONCE):
            try:
                replies += self._run(commands[start : start + COMMANDS_AT_ONCE], deadline)
            except LinkLost as error:
                error.replies = replies + error.replies
                raise
        return replies

    def unavailable(self, reason: object, **details: Any) -> RegistryUnavailable:
        """The error that says what happened, and where."""
        is_of_slots = type(reason) is ErrorReply and reason.code == "CROSSSLOT"
        error = SlotsDiffer if is_of_slots else RegistryUnavailable
        return error(f"{self.address} is not available: {reason}", **details)

    def close(self) -> None:
        """Let go of all connections."""
        self._is_closed = True
        for _ in range(self._links.maxsize):
            try:
                link = self._links.get_nowait()
            except queue.Empty:
                return
            if link is not None:
                link.close()

    def _run(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        try:
            replies = self._attempt(commands, deadline)
        except LinkLost as error:
            if error.is_late:
                raise
            return self._repeat(commands, deadline, error.replies)
        # The connection is to a master that is none any more; a new one finds the present one.
        return self._redo(replies, "READONLY", list(commands), deadline)

    def _repeat(
        self, commands: Sequence[Command], deadline: Deadline, replies: list[Any]
    ) -> list[Any]:
        try:
            return self._attempt(commands, deadline)
        except LinkLost as error:
            error.replies = max(replies, error.replies, key=len)
            raise

    def _redo(
        self, replies: list[Any], code: str, commands: list[Command], deadline: Deadline
    ) -> list[Any]:
        """Run again what was refused with *code*."""
        refused = [
            index
            for index, reply in enumerate(replies)
            if type(reply) is ErrorReply and reply.code == code
        ]
        if refused:
            self._drop_idle()
            try:
                again = self._attempt([commands[index] for index in refused], deadline)
            except LinkLost as error:
                error.replies = replies
                raise
            for index, reply in zip(refused, again, strict=True):
                replies[index] = reply
        return replies

    def _attempt(self, commands: Sequence[Command], deadline: Deadline) -> list[Any]:
        links = self._links_of_process()
        link = self._take(links, deadline)
        kept = None
        try:
            replies = self._exchange(link, commands, deadline)
            kept = link
            return replies
        except LinkLost:
            self._drop_idle()
            raise
        finally:
            # After anything else than replies, a greenlet's end too, it may be amid a reply.
            if kept is None or self._is_closed:
                self._discard(link)
                kept = None
            else:
                link.used_at = time.monotonic()
            links.put(kept)

    def _exchange(
        self, link: RedisConnection, commands: Sequence[Command], deadline: Deadline
    ) -> list[Any]:
        checks = self._due_checks()
        loading = () if link.is_loaded else LOADING
        ahead = len(loading) + len(checks)
        try:
            replies = link.exchange([*loading, *checks, *commands], deadline)
        except LinkLost as error:
            error.replies = error.replies[ahead:]
            raise
        link.is_loaded = True
        if any(type(one) is ErrorReply and one.code in PASSING for one in replies[:ahead]):
            self._is_unsure = True
        replies = replies[ahead:]
        for index, reply in enumerate(replies):
            if type(reply) is ErrorReply and reply.code == "NOSCRIPT":
                # From the first on: what follows it may have found the script, and must not
                # overtake. What was done already is known by its push id.
                again = [with_text(one) for one in commands[index:]]
                return self._exchange_behind(replies[:index], link, again, deadline)
        return replies

    def _exchange_behind(
        self,
        done: list[Any],
        link: RedisConnection,
        commands: Sequence[Command],
        deadline: Deadline,
    ) -> list[Any]:
        try:
            return done + link.exchange(commands, deadline)
        except LinkLost as error:
            error.replies = done + error.replies
            raise

    def _due_checks(self) -> Sequence[Command]:
        if not self._is_unsure:
            return ()
        # Before they are made: what happens from now on they may not see.
        self._is_unsure = False
        checks = list(self._checks())
        # The first brings the script, which Redis may have forgotten.
        checks[:1] = map(with_text, checks[:1])
        return checks

    def _take(
        self, links: queue.LifoQueue[RedisConnection | None], deadline: Deadline
    ) -> RedisConnection:
        try:
            link = links.get(timeout=deadline.remaining())
        except queue.Empty:
            raise LinkLost(f"all {links.maxsize} connections are busy", is_late=True) from None
        try:
            if link is not None and self._is_usable(link):
                return link
            if link is not None:
                self._discard(link)
            link = RedisConnection(self.address, deadline)
            link.generation = self._generation
            return link
        except BaseException:
            links.put(None)
            raise

    def _is_usable(self, link: RedisConnection) -> bool:
        is_fresh = time.monotonic() - link.used_at < IDLE_SECONDS
        return is_fresh and link.generation == self._generation

    def _discard(self, link: RedisConnection) -> None:
        link.close()
        self._is_unsure = True

    def _drop_idle(self) -> None:
        # What broke one connection, a restart say, has likely broken all.
        self._generation += 1

    def _links_of_process(self) -> queue.LifoQueue[RedisConnection | None]:
        if os.getpid() != self._process:
            self._begin()
        return self._links

    def _begin(self) -> None:
        most = min(self.address.max_connections, MOST_LINKS)
        links: queue.LifoQueue[RedisConnection | None] = queue.LifoQueue(most)
        for _ in range(most):
            links.put(None)
        # This order: another thread that sees the process sees its links.
        self._links = links
        self._process = os.getpid()
