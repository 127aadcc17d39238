"""Tombstones: Redis remembers which browser sessions and users have ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ...config.settings import Config
from ..lifetimes import Lifetimes
from ..subscriptions import Subscriptions
from . import scripts
from .connection import Deadline
from .keys import RedisKeys
from .pool import RedisPool
from .retention import milliseconds
from .scripts import Command

# How many channels a user may have been put out of before those are removed that are too long ago
# to concern any client.
MOST_LEFT_BY_USER = 1000


class RedisTombstones:
    """Ends sessions and users, and tells new connections whether theirs has ended."""

    def __init__(self, pool: RedisPool, keys: RedisKeys, config: Config) -> None:
        self._pool = pool
        self._keys = keys
        lifetimes = Lifetimes.of(config)
        self._awaited_for = milliseconds(lifetimes.awaited_client)
        self._lives = milliseconds(lifetimes.client)

    def end_session(self, session: str, heir: str, deadline: Deadline) -> None:
        """Note that a session has ended: see :meth:`.Registry.end_session`."""
        keys = [self._keys.session(session), self._keys.waiting(session)]
        command = scripts.END_SESSION(keys, (heir, self._awaited_for, self._lives))
        self._pool.ask([command], deadline)

    def has_ended(self, sessions: Collection[str], heir: str, deadline: Deadline) -> bool:
        """Whether any of the sessions has ended: see :meth:`.Registry.has_ended`."""
        asked: list[Command] = [("HGET", self._keys.session(one), "heir") for one in sessions]
        found = self._pool.ask(asked, deadline)
        return any(one is not None and not (one and one == heir.encode()) for one in found)

    def end_user(self, user: str, channel: str | None, age: int, deadline: Deadline) -> None:
        """Note that a user's clients ended, or left *channel*, *age* ms ago."""
        left = () if channel is None else (channel,)
        arguments = (self._lives, MOST_LEFT_BY_USER, age, *left)
        self._pool.ask([scripts.END_USER([self._keys.user(user)], arguments)], deadline)

    def questions(self, user: str | None, sessions: Collection[str]) -> list[Command]:
        """Return what a new connection asks about its user and its session's former names.

        Asked in the same round trip in which the connection is noted: if the session or user ends
        later, the connection's process is told.
        """
        asked: list[Command] = [
            ("HEXISTS", self._keys.session(session), "heir") for session in sessions
        ]
        if user is not None:
            asked.append(("HGETALL", self._keys.user(user)))
        return asked

    def ended_ago(self, user: str, channels: Collection[str]) -> Command:
        """Return what asks how many ms ago a user was put out of channels, or disconnected ("")."""
        return scripts.ENDED_AGO([self._keys.user(user)], channels)

    @staticmethod
    def is_refused(began: int, replies: Sequence[Any]) -> bool:
        """Return whether a client's session or user has ended, so that it cannot come back.

        :param began: when the client began, in ms since 1970; 0: it is new.
        :param replies: the replies to :meth:`questions`.
        """
        if any(reply for reply in replies if not isinstance(reply, list)):
            return True
        return 0 < began <= int(_of_user(replies).get(b"ended", 0))

    @staticmethod
    def lost(subscriptions: Subscriptions | None, replies: Sequence[Any]) -> list[str]:
        """Return the channels that the client's user was put out of after the client subscribed."""
        of_user = _of_user(replies)
        if not (of_user and subscriptions):
            return []
        return [
            name
            for name, one in subscriptions.items()
            if one.moment <= int(of_user.get(b"left:" + name.encode(), 0))
        ]


def as_fields(reply: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the fields of a hash, as ``HGETALL`` replies with it."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _of_user(replies: Sequence[Any]) -> dict[bytes, bytes]:
    return next((as_fields(reply) for reply in replies if isinstance(reply, list)), {})
