"""What time it is in Redis, told without asking each time, and scripts that must not come late."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

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

# The reply of a script that has done nothing, because its deadline was over.
TOO_LATE = -1


class Timing(NamedTuple):
    """When a command is sent, and when its call is over, by the clock of Redis.

    :param sent: in ms since 1970; an empty text: it is not known.
    :param over_at: in ms since 1970; an empty text: it is not known.
    """

    sent: int | str
    over_at: int | str


UNKNOWN = Timing("", "")


#: The command that asks Redis for its time.
TIME: Command = ("TIME",)


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
        return () if is_fresh and self._is_exact else (TIME,)

    def note(self, asked_at: float, replies: Sequence[Sequence[bytes]]) -> None:
        """Take the replies to :meth:`questions`, or to :data:`TIME`.

        :param asked_at: when Redis was asked, by :func:`.clock.monotonic`, or a little before.
        """
        for seconds, microseconds in replies:
            # Redis looked at its clock a little later: this is a little too much.
            self._ahead = int(seconds) + int(microseconds) / 1_000_000 - asked_at
            self._asked_at = asked_at
            self._is_exact = clock.monotonic() - asked_at < EXACT_SECONDS

    def local(self, moment: int) -> float | None:
        """Return a moment by :func:`.clock.monotonic`; None if that is not known.

        :param moment: in ms since 1970, by the clock of Redis.
        """
        if clock.monotonic() > self._asked_at + KNOWN_SECONDS:
            return None
        return moment / 1000 - self._ahead

    def forget(self) -> None:
        """Know nothing any more: the clock of Redis seems to have been set."""
        self._asked_at = -math.inf

    def timing(self, deadline: Deadline) -> Timing:
        """Return when it is now, and when *deadline* is over, by the clock of Redis.

        Not too early; both may be later by as long as Redis took to answer :meth:`questions`.
        """
        now = clock.monotonic()
        if now > self._asked_at + KNOWN_SECONDS:
            return UNKNOWN
        sent = math.ceil((now + self._ahead) * 1000)
        return Timing(sent, sent + max(0, deadline.left_ms + 1))


class TimelyScripts:
    """Runs scripts that do nothing if they reach Redis after the deadline of their call.

    A network may hold a command up for long after its caller has given it up, and nobody would see
    to what has happened since.
    """

    def __init__(self, pool: RedisPool) -> None:
        self._pool = pool
        self._time = ServerTime()

    def now(self, deadline: Deadline) -> int | str:
        """Return the time by the clock of Redis, which is asked for it, in ms since 1970."""
        asked_at = clock.monotonic()
        self._time.note(asked_at, self._pool.ask([TIME], deadline))
        return self._time.timing(deadline).sent

    def run(
        self,
        make: Callable[[Timing], Command],
        deadline: Deadline,
        questions: Sequence[Command] = (),
    ) -> list[Any]:
        """Return the reply to a script, followed by those to *questions*.

        A process that does not know the time of Redis, as it has not asked for a while, asks first:
        Redis could not tell else how long the script was held up on its way.

        :param make: returns the script's command, which is sent at once.
        :param questions: what is asked behind the script.
        :raises RegistryUnavailable: if not all replies have come in time, or Redis refused one.
        """
        if self._time.timing(deadline) == UNKNOWN:
            self.now(deadline)
        asked_at, times = clock.monotonic(), self._time.questions()
        command = make(self._time.timing(deadline))
        replies = self._pool.ask([command, *questions, *times], deadline)
        answers = replies[: 1 + len(questions)]
        self._time.note(asked_at, replies[len(answers) :])
        if answers[0] == TOO_LATE:
            # The clock of Redis was set forward since it was last asked.
            self._time.forget()
            return self.run(make, deadline, questions)
        return answers
