"""Appends pushes to the logs of channels in Redis."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import groupby, islice, zip_longest
from typing import Any

from ...protocol.positions import Position, new_tag
from ...protocol.pushes import Push, new_push_id
from ...threads.fork import ForkLocal
from ...threads.pause import in_pieces, let_others_run
from ..lifetimes import PUSH_ID_SECONDS
from . import scripts
from .accepted import RedisAccepted
from .batches import batches
from .connection import ConnectionLost, Deadline, StepDeadlines
from .entries import parse_position
from .keys import RedisKeys
from .pool import RedisPool
from .resp import Argument, ErrorReply
from .retention import Retention
from .scripts import Command

# How many channels one step by pattern may concern: it keeps Redis busy for about 10 ms, in which
# the pushes of others wait.
CHANNELS_AT_ONCE = 200

# How many replies are read between two pauses, in less than 1 ms.
REPLIES_AT_ONCE = 500

# How many channels are checked with the first call over a new connection, at no measurable cost.
MOST_CHECKED = 500

# About how many bytes of a push's command are not payload but keys, limits and positions.
BYTES_BESIDE_PAYLOAD = 500

# What the scripts are given in place of a position where none is known.
UNKNOWN_POSITION = ("", 0, "")

#: By channel, for how many ms it has to stand on the list of known channels.
Unlisted = dict[str, int]


class RedisAppends:
    """Appends pushes, and finds out whether Redis went back to older data since earlier pushes.

    :param retention: how much a log keeps.
    :param is_guess: whether *retention* is not the app's own: if the app has noted its own with a
        channel, that counts.
    :param lives: how long a new channel lives, in ms.
    :param remembered: for how many seconds the positions of accepted pushes are remembered.
    """

    def __init__(
        self,
        pool: RedisPool,
        keys: RedisKeys,
        retention: Retention,
        is_guess: bool,
        lives: int,
        remembered: float,
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._retention = str(retention)
        self._is_guess = int(is_guess)
        self._lives = lives
        # Steps of long pushes by pattern go one by one: 32 of them, as many as there are
        # connections, would make every other push wait in Redis for all of them.
        self._by_pattern: ForkLocal[threading.Lock] = ForkLocal(threading.Lock)
        self._accepted = ForkLocal(lambda: RedisAccepted(remembered))
        pool.check_with(self._checks)

    def run(self, pushes: Sequence[Push]) -> tuple[list[Position], Unlisted]:
        """Append each push and announce it, in order.

        Each step has a deadline of its own, and others run between two steps.

        :returns: the position of each push, and the channels that have yet to be listed.
        :raises RegistryUnavailable: if not all pushes were accepted; the error has the channels
            whose logs are known to have accepted theirs, and the id of the first push that failed.
        """
        replies: list[Any] = []
        unlisted: Unlisted = {}
        try:
            # Accepted pushes are noted before the next step: Redis may go back between two steps.
            deadlines = StepDeadlines(self._pool.timeout_seconds)
            for is_further, (step, takes_turns) in enumerate(_steps(pushes)):
                if is_further:
                    # If Redis answers at once, no reply is waited for, and others would not run.
                    let_others_run()
                self._run_step(step, takes_turns, replies, unlisted, deadlines)
        except ConnectionLost as error:
            reason: object = error
        else:
            reason = next((one for one in replies if type(one) is ErrorReply), None)
        if reason is not None:
            accepted, failed = _judged(pushes, replies)
            raise self._pool.unavailable(
                reason, push_id=failed.push_id, accepted=accepted
            ) from None
        pieces = in_pieces(replies, REPLIES_AT_ONCE)
        return [parse_position(reply) for piece in pieces for reply in piece], unlisted

    def _run_step(
        self,
        pushes: Sequence[Push],
        takes_turns: bool,
        replies: list[Any],
        unlisted: Unlisted,
        deadlines: StepDeadlines,
    ) -> None:
        """Append *pushes*, which may be sent together, and add their replies to *replies*.

        :param takes_turns: whether no other step that takes turns may run at the same time.
        """
        found: list[Any] = []
        try:
            deadline = deadlines.next()
            with self._alone(deadline) if takes_turns else nullcontext():
                self._append(pushes, found, deadline)
        finally:
            for push, reply in zip(pushes, found, strict=False):
                if type(reply) is list:
                    # A cluster replies the position, and for how long to list the channel.
                    reply, lives = reply
                    if lives:
                        unlisted[push.channel] = lives
                replies.append(reply)
            self._note_accepted(pushes, replies[-len(found) :] if found else ())

    @contextmanager
    def _alone(self, deadline: Deadline) -> Iterator[None]:
        """Run one step that takes turns in a ``with`` block; a process runs one of them at a time.

        :raises ConnectionLost: if the steps of others take until *deadline*.
        """
        lock = self._by_pattern.get()
        if not lock.acquire(timeout=deadline.remaining()):
            raise ConnectionLost("other long pushes to patterns took all the time", is_late=True)
        try:
            yield
        finally:
            lock.release()

    def _append(self, pushes: Sequence[Push], found: list[Any], deadline: Deadline) -> None:
        known = self._accepted.get().positions({push.channel for push in pushes})
        # Read once, because another thread may find out meanwhile that Redis is a cluster.
        is_cluster = self._pool.is_cluster
        is_one_command = pushes[0].by_pattern and not is_cluster
        if is_one_command:
            commands = [self._append_all(pushes, known)]
        else:
            # The first push of a channel checks the log for the later ones too.
            commands = [
                self._append_one(push, known.pop(push.channel, None), is_cluster) for push in pushes
            ]
        try:
            replied = self._pool.run(commands, deadline)
        except ConnectionLost as error:
            found += () if is_one_command else error.replies
            raise
        found += _of_each(replied[0], len(pushes)) if is_one_command else replied
        refused = [at for at, one in enumerate(found) if _is_of_slots(one)]
        if refused and not is_cluster:
            self._pool.is_cluster = True
            again: list[Any] = []
            try:
                self._append([pushes[at] for at in refused], again, deadline)
            finally:
                for at, reply in zip(refused, again, strict=False):
                    found[at] = reply

    def _append_one(self, push: Push, known: Position | None, is_cluster: bool) -> Command:
        keys = self._keys.channel(push.channel)
        push_id = keys.push_id + (push.push_id or new_push_id()).encode()
        script, last = scripts.APPEND, self._keys.list
        if is_cluster:
            script, last = scripts.APPEND_IN_SLOT, keys.listed
        return script(
            (keys.state, keys.log, push_id, last),
            (
                keys.announced_on,
                new_tag(),
                *(known or UNKNOWN_POSITION),
                push.channel,
                *self._about(push),
            ),
        )

    def _append_all(self, pushes: Sequence[Push], known: dict[str, Position]) -> Command:
        first = pushes[0]
        arguments: list[Argument] = [first.push_id or new_push_id(), *self._about(first)]
        for push in pushes:
            at = known.get(push.channel) or UNKNOWN_POSITION
            arguments += (new_tag(), self._keys.announced_on(push.channel), *at)
        return scripts.APPEND_ALL([self._keys.base(push.channel) for push in pushes], arguments)

    def _about(self, push: Push) -> tuple[Argument, ...]:
        return (
            push.payload,
            str(push.route),
            self._retention,
            self._is_guess,
            round(PUSH_ID_SECONDS * 1000),
            int(not push.by_pattern),
        )

    def _note_accepted(self, pushes: Sequence[Push], replies: Sequence[Any]) -> None:
        accepted = self._accepted.get()
        # Of several pushes to a channel the last one counts: it overwrites the others.
        replied = zip(pushes, replies, strict=False)
        last = {push.channel: reply for push, reply in replied if type(reply) is bytes}
        for channel, position in last.items():
            accepted.note(channel, parse_position(position))

    def _checks(self) -> list[Command]:
        """Return commands that check whether the logs still hold this process's accepted pushes."""
        newest = self._accepted.get().newest(MOST_CHECKED)
        return [self._check(name, at) for name, at in newest.items()]

    def _check(self, channel: str, known: Position) -> Command:
        keys = self._keys.channel(channel)
        return scripts.CHECK((keys.state, keys.log), (*known, self._lives, keys.announced_on))


def _steps(pushes: Sequence[Push]) -> Iterator[tuple[Sequence[Push], bool]]:
    """Yield *pushes* in order, in pieces that may be sent together.

    Each comes with whether it takes turns with those of other calls: it is one of several steps of
    a push by pattern. A push to a few channels takes Redis no longer than one by name, and would
    wait for a round trip of each other push.
    """
    for by_pattern, group in groupby(pushes, _pattern_of):
        if by_pattern is None:
            for batch in batches(list(group), _size_of):
                yield batch, False
        else:
            yield from _steps_by_pattern(group)


def _steps_by_pattern(pushes: Iterator[Push]) -> Iterator[tuple[Sequence[Push], bool]]:
    step, is_long = list(islice(pushes, CHANNELS_AT_ONCE)), False
    while step:
        following = list(islice(pushes, CHANNELS_AT_ONCE))
        is_long = is_long or bool(following)
        yield step, is_long
        step = following


def _pattern_of(push: Push) -> tuple[object, ...] | None:
    return (push.push_id, push.payload, push.route) if push.by_pattern else None


def _size_of(push: Push) -> int:
    return BYTES_BESIDE_PAYLOAD + len(push.payload)


def _judged(pushes: Sequence[Push], replies: Sequence[Any]) -> tuple[list[str], Push]:
    """Return the channels that have accepted a push, each once, and the first push that failed."""
    accepted: dict[str, None] = {}
    failed: list[Push] = []
    for push, reply in zip_longest(pushes, replies):
        if type(reply) is bytes:
            accepted[push.channel] = None
        else:
            failed.append(push)
    return list(accepted), failed[0]


def _of_each(reply: Any, count: int) -> Sequence[Any]:
    """Return the reply to each of *count* pushes that one command has appended."""
    return [reply] * count if type(reply) is ErrorReply else reply


def _is_of_slots(reply: Any) -> bool:
    return type(reply) is ErrorReply and reply.code == "CROSSSLOT"
