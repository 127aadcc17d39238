"""What time it is in Redis, told without asking each time, and scripts that must not come late."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...threads import clock
from .connection import Deadline
from .pool import RedisPool
from .scripts import Command

# Seconds between two questions: in this time two clocks drift apart by some ms.
FRESH_SECONDS = 10.0
# For how many seconds the clock of Redis is taken to be known. A process that has not asked for so
# long does not know whether it was set.
KNOWN_SECONDS = 60.0
# An answer that took longer, in seconds, as one for which this process has to connect, is not exact
# enough to be the last for a while.
EXACT_SECONDS = 0.01

# What a script replies that has done nothing, because its deadline was over.
TOO_LATE = -1

_TIME: tuple[Command, ...] = (("TIME",),)


class ServerTime:
    """Knows how far the clock of Redis is ahead of this process's, by what it said a moment ago.

    The question travels with other commands, and costs no round trip.
    """

    __slots__ = ("_ahead", "_asked_at", "_is_exact")

    def __init__(self) -> None:
        self._asked_at = -math.inf
        self._ahead = 0.0
        self._is_exact = False

    def questions(self) -> Sequence[Command]:
        """Return what to ask Redis together with other commands; nothing for the most part."""
        is_fresh = clock.monotonic() < self._asked_at + FRESH_SECONDS
        return () if is_fresh and self._is_exact else _TIME

    def note(self, asked_at: float, replies: Sequence[Sequence[bytes]]) -> None:
        """Take the replies to :meth:`questions`.

        :param asked_at: when Redis was asked, by :func:`.clock.monotonic`, or a little before.
        """
        for seconds, microseconds in replies:
            # Redis looked at its clock a little later: this is a little too much.
            self._ahead = int(seconds) + int(microseconds) / 1_000_000 - asked_at
            self._asked_at = asked_at
            self._is_exact = clock.monotonic() - asked_at < EXACT_SECONDS

    def forget(self) -> None:
        """Know nothing any more: the clock of Redis seems to have been set."""
        self._asked_at = -math.inf

    def over_at(self, deadline: Deadline) -> int | str:
        """Return when *deadline* is over, by the clock of Redis, in ms since 1970.

        Not too early; it may be later by as long as Redis took to answer :meth:`questions`.

        :returns: an empty text if it is not known.
        """
        now = clock.monotonic()
        if now > self._asked_at + KNOWN_SECONDS:
            return ""
        return math.ceil((now + self._ahead) * 1000) + max(0, deadline.left_ms + 1)


def aged(age: int, over_at: int | str, deadline: Deadline) -> int | str:
    """Return *age*, in ms, with what tells a script how long its command has been on the way.

    :param over_at: what :meth:`ServerTime.over_at` has returned for *deadline*, and what the script
        is given as well.
    """
    return age if over_at == "" else f"{age}:{max(0, deadline.left_ms + 1)}"


class TimelyScripts:
    """Runs scripts that do nothing if they reach Redis after the deadline of their call.

    A network may hold a command up for long after its caller has given it up, and nobody would see
    to what has happened since.
    """

    def __init__(self, pool: RedisPool) -> None:
        self._pool = pool
        self._time = ServerTime()

    def run(
        self,
        make: Callable[[int | str], Command],
        deadline: Deadline,
        questions: Sequence[Command] = (),
    ) -> list[Any]:
        """Return the reply to a script, followed by those to *questions*.

        :param make: is given the time at which the deadline is over, by the clock of Redis, in ms
            since 1970, or an empty text if that is not known; returns the script's command.
        :param questions: what is asked behind the script.
        :raises RegistryUnavailable: if not all replies have come in time, or Redis refused one.
        """
        asked_at, times = clock.monotonic(), self._time.questions()
        command = make(self._time.over_at(deadline))
        replies = self._pool.ask([command, *questions, *times], deadline)
        answers = replies[: 1 + len(questions)]
        self._time.note(asked_at, replies[len(answers) :])
        if answers[0] == TOO_LATE:
            # The clock of Redis was set forward since it was last asked.
            self._time.forget()
            return self.run(make, deadline, questions)
        return answers
