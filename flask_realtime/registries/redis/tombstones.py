"""Tombstones: Redis remembers which browser sessions and users have ended."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...config.settings import Config
from ...errors import CloseCode
from ...identity.keys import session_of
from ...threads import clock
from ..expiring import ExpiringDict
from ..lifetimes import MOST_LEFT_BY_USER, Lifetimes
from ..records import LATE_END_MS, Disconnect, SessionEnd
from ..subscriptions import Subscriptions
from . import scripts
from .connection import Deadline
from .keys import RedisKeys
from .pool import RedisPool
from .retention import milliseconds
from .scripts import Command

# The reply of lua/end_user.lua if it has done nothing, because its deadline was over.
_WAS_TOO_LATE = 1
# For how many seconds a process remembers the ends of users that it told Redis of: longer than the
# requests behind them take. And how many.
TOLD_SECONDS = 60.0
MOST_TOLD = 10_000


class RedisTombstones:
    """Ends sessions and users, and tells new connections whether theirs has ended."""

    def __init__(self, pool: RedisPool, keys: RedisKeys, config: Config) -> None:
        self._pool = pool
        self._keys = keys
        lifetimes = Lifetimes.of(config)
        self._awaited_for = milliseconds(lifetimes.awaited_client)
        self._lives = milliseconds(lifetimes.client)
        # The ends of users that this process told Redis of lately: when Redis noted it by its own
        # clock, and when this process had the reply.
        self._told: ExpiringDict[tuple[str, str], tuple[bytes, float]] = ExpiringDict(TOLD_SECONDS)
        self._lock = threading.Lock()

    def end_session(self, end: SessionEnd, age: int, deadline: Deadline) -> tuple[int, list[str]]:
        """Note that a session has ended, *age* ms ago: see :meth:`.Registry.end_session`.

        :returns: how many ms ago the session had ended, 0: it had not; and the successors that end
            with it.
        """
        age = age if age >= LATE_END_MS else 0
        ended_ago, orphan = self._end_session(end, age, deadline)
        orphans: list[str] = []
        while orphan and orphan not in orphans:
            orphans.append(orphan)
            _, orphan = self._end_session(SessionEnd(orphan), age, deadline)
        return ended_ago, orphans

    def has_ended(self, sessions: Collection[str], heir: str, deadline: Deadline) -> bool:
        """Return whether any of the sessions has ended: see :meth:`.Registry.has_ended`."""
        asked: list[Command] = [("HGET", self._keys.session(one), "heir") for one in sessions]
        found = self._pool.ask(asked, deadline)
        return any(one is not None and not (one and one == heir.encode()) for one in found)

    def end_user(
        self, user: str, channel: str | None, age: int, over_at: int, deadline: Deadline
    ) -> int:
        """Note that a user's clients ended, or left *channel*, *age* ms ago.

        :param over_at: when *deadline* is over, by the clock of Redis: see
            :meth:`.RedisPool.over_at`.
        :returns: when that was, by the clock of Redis, in ms since 1970.
        """
        left = () if channel is None else (channel,)
        arguments = (self._lives, MOST_LEFT_BY_USER, age, over_at, *left)
        command = scripts.END_USER([self._keys.user(user)], arguments)
        (moment,) = self._pool.ask([command], deadline)
        if moment == _WAS_TOO_LATE:
            raise self._pool.unavailable(
                "the order to disconnect or unsubscribe a user reached it too late, and was not "
                "recorded"
            )
        self._note_told((user, channel or ""), moment)
        return int(moment)

    def questions(self, user: str | None, sessions: Collection[str]) -> list[Command]:
        """Return what a new connection asks about its user and its session's former names.

        Asked in the same round trip in which the connection is noted: if the session or user ends
        later, the connection's process is told.
        """
        asked: list[Command] = [
            ("HEXISTS", self._keys.session(session), "heir") for session in sessions
        ]
        if user is not None:
            asked.append(("HMGET", self._keys.user(user), "ended", "latest"))
        return asked

    def ended_ago(self, user: str, channels: Collection[str]) -> Command:
        """Return what asks how many ms ago a user was put out of channels, or disconnected ("").

        The reply has the moment, too, by the clock of Redis.
        """
        return scripts.ENDED_AGO([self._keys.user(user)], channels)

    def was_told_before(self, user: str, channel: str, moment: bytes, asked: float) -> bool:
        """Return whether this process told Redis of an end, and a request asked behind that.

        :param channel: the channel that the user was put out of; empty: the user was disconnected.
        :param moment: when Redis noted the latest of such ends, by its own clock.
        :param asked: when the request asked, by :func:`time.monotonic`.
        """
        with self._lock:
            told = self._told.get((user, channel), clock.monotonic())
        return told is not None and told[0] == moment and told[1] < asked

    def orders_for(
        self, clients: Mapping[str, str | None], deaf_for: float, deadline: Deadline
    ) -> list[Disconnect]:
        """Return orders to close the sockets of those of a process's clients that may have ended.

        :param clients: the digests of the clients, each with its user; None: a stranger.
        :param deaf_for: for how many seconds the process did not refresh the clients. If tombstones
            may have expired meanwhile, the order is to close all sockets.
        """
        if deaf_for * 1000 > self._lives / 2:
            return [Disconnect(code=CloseCode.SERVICE_RESTART)]
        sessions = list(dict.fromkeys(map(session_of, clients)))
        users = list(dict.fromkeys(user for user in clients.values() if user is not None))
        questions: list[Command] = [
            *(("HEXISTS", self._keys.session(one), "heir") for one in sessions),
            *(("EXISTS", self._keys.user(one)) for one in users),
        ]
        has_ended = self._pool.ask(questions, deadline) if questions else []
        # A user may have logged in again since, or be in other channels: the pages come back.
        orders = [
            *(Disconnect(session=one, code=CloseCode.SESSION_CHANGED) for one in sessions),
            *(Disconnect(user=one, code=CloseCode.SERVICE_RESTART) for one in users),
        ]
        return [order for order, ended in zip(orders, has_ended, strict=True) if ended]

    @staticmethod
    def is_refused(began: int, replies: Sequence[Any]) -> bool:
        """Return whether a client's session or user has ended, so that it cannot come back.

        :param began: when the client began, in ms since 1970; 0: it is new.
        :param replies: the replies to :meth:`questions`.
        """
        if any(reply for reply in replies if not isinstance(reply, list)):
            return True
        ended, _ = _of_user(replies)
        return 0 < began <= ended

    def lost(
        self,
        user: str | None,
        subscriptions: Subscriptions | None,
        replies: Sequence[Any],
        deadline: Deadline,
    ) -> dict[str, int]:
        """Return the channels that the client's user was put out of after a request asked for them,
        each with the moment of that.

        Asks Redis where the user was put out of any channel since.

        :param replies: the replies to :meth:`questions`.
        """
        _, latest = _of_user(replies)
        asked = {name: one.asked for name, one in (subscriptions or {}).items()}
        asked = {name: moment for name, moment in asked.items() if moment <= latest}
        if user is None or not asked:
            return {}
        fields = ["forgotten", *(f"left:{name}" for name in asked)]
        found = self._pool.ask([("HMGET", self._keys.user(user), *fields)], deadline)
        forgotten, *left = map(_moment, found[0])
        return {
            name: max(put_out, forgotten)
            for (name, moment), put_out in zip(asked.items(), left, strict=True)
            if moment <= max(put_out, forgotten)
        }

    def _end_session(self, end: SessionEnd, age: int, deadline: Deadline) -> tuple[int, str]:
        keys = [self._keys.session(end.session), self._keys.waiting(end.session)]
        arguments = (end.heir, self._awaited_for, self._lives, age, end.successor)
        ((ended_ago, orphan),) = self._pool.ask([scripts.END_SESSION(keys, arguments)], deadline)
        return ended_ago, orphan.decode()

    def _note_told(self, end: tuple[str, str], moment: bytes) -> None:
        now = clock.monotonic()
        with self._lock:
            self._told.put_among(end, (moment, now), now, MOST_TOLD)


def _of_user(replies: Sequence[Any]) -> tuple[int, int]:
    """Return when the user was last disconnected, and put out of a channel; 0: never."""
    ended, latest = next((reply for reply in replies if isinstance(reply, list)), (None, None))
    return _moment(ended), _moment(latest)


def _moment(value: bytes | None) -> int:
    return int(value or 0)
