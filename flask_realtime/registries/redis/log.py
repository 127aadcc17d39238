"""The logs of channels in Redis: appends to them, reads, keeps and lists them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from ...config.settings import Config
from ...errors import RegistryUnavailable
from ...protocol.channels import matcher
from ...protocol.positions import Position
from ...protocol.pushes import Push
from ...protocol.starts import Start, Starts, new_past
from ...threads.pause import in_pieces, let_others_run
from ..lifetimes import Lifetimes
from ..records import LogPage
from . import scripts
from .appends import UNKNOWN_POSITION, RedisAppends, Unlisted
from .batches import COMMANDS_AT_ONCE
from .connection import Deadline, StepDeadlines
from .entries import parse_entry, parse_position, passing_entry
from .keys import RedisKeys
from .pool import RedisPool
from .resp import Argument
from .retention import Retention, milliseconds
from .scripts import Command
from .starts import write_start

# About how many names of channels are read from Redis at once: it takes Redis about 1 ms.
NAMES_AT_ONCE = 2000

logger = logging.getLogger(__name__)

# The reply of lua/read.lua if the log no longer reaches back.
TRIMMED = 2
# The part of a channel's life for which a listed channel is not listed again, in a cluster: the
# list is in another slot, so that listing costs a round trip.
MARKED_PART = 0.25


class Tails(NamedTuple):
    """The keys and arguments of a script that subscribes to *channels* from the tails of logs."""

    channels: tuple[str, ...]
    keys: tuple[bytes, ...]
    arguments: tuple[Argument, ...]


class RedisLog:
    """The logs of all channels in one Redis.

    :param config: the settings that say how much a log keeps, and for how long.
    :param is_guess: whether *config* is not the app's own: if the app has noted with a channel how
        much its log keeps, that counts.
    """

    def __init__(
        self, pool: RedisPool, keys: RedisKeys, config: Config, is_guess: bool = False
    ) -> None:
        self._pool = pool
        self._keys = keys
        lifetimes = Lifetimes.of(config)
        retention = Retention.of(config)
        self._retention = str(retention)
        self._awaited_for = milliseconds(lifetimes.awaited_channel)
        self._heard_for = milliseconds(lifetimes.channel)
        self._unheard_for = milliseconds(lifetimes.unheard)
        self._appends = RedisAppends(
            pool, keys, retention, is_guess, self._awaited_for, lifetimes.channel
        )

    def publish(self, pushes: Sequence[Push]) -> list[Position]:
        """Append each push and announce it, in order; return the position of each.

        It goes in steps, each with a deadline of its own: see :class:`.StepDeadlines`.

        :raises RegistryUnavailable: if not all pushes were accepted; the error has the channels
            whose logs are known to have accepted theirs, and the id of the first push that failed.
        """
        positions, unlisted = self._appends.run(pushes)
        if unlisted:
            try:
                self._list_and_mark(unlisted, self._pool.deadline())
            except RegistryUnavailable as error:
                # No error: the push was accepted, and the next push lists the channel.
                logger.warning(
                    "The list of channels could not be read, so that pushes to a pattern may "
                    "miss some: %s",
                    error,
                )
        return positions

    def read(
        self,
        cursors: Mapping[str, Position | None],
        max_bytes: int,
        renew: bool,
        deadline: Deadline,
    ) -> dict[str, LogPage]:
        """Return what follows a cursor in each log: see :meth:`.Registry.read`."""
        commands = [self._read(name, at, max_bytes, renew) for name, at in cursors.items()]
        return {
            name: _page(name, reply)
            for name, reply in zip(cursors, self._pool.ask(commands, deadline), strict=True)
        }

    def announce(self, pushes: Sequence[Push]) -> None:
        """Announce each push, without appending it to a log.

        It goes in steps, each with a deadline of its own: see :class:`.StepDeadlines`.

        :raises RegistryUnavailable: if a push may not have been announced.
        """
        deadlines = StepDeadlines(self._pool.timeout_seconds)
        for piece in in_pieces(pushes, COMMANDS_AT_ONCE):
            commands: list[Command] = [
                ("PUBLISH", self._keys.announced_on(push.channel), passing_entry(push))
                for push in piece
            ]
            self._pool.ask(commands, deadlines.next())

    def tails(self, digest: str, starts: Starts) -> Tails:
        """Return keys and arguments for a script that begins, keeps and lists logs.

        :param digest: the digest of the client that subscribes.
        :param starts: by channel, where the client begins.
        """
        keys = [self._keys.list]
        for name in starts:
            of_channel = self._keys.channel(name)
            keys += (of_channel.state, of_channel.log)
        pairs = [part for name, at in starts.items() for part in (name, write_start(at, digest))]
        return Tails(tuple(starts), tuple(keys), (self._awaited_for, self._retention, *pairs))

    def begin(self, channels: Collection[str], deadline: Deadline) -> dict[str, Position]:
        """Return the tail of each log; begin logs that are not known, and list all."""
        lives = self._awaited_for
        commands = [self._touch(name, True, lives, lives) for name in channels]
        listing = self._listing(channels, self._awaited_for)
        *replies, _ = self._pool.ask([*commands, *listing], deadline)
        return dict(zip(channels, map(parse_position, replies), strict=True))

    def rewind(
        self, digest: str, channels: Mapping[str, int], deadline: Deadline
    ) -> dict[str, Start]:
        """Return starts that lie some messages back; begin logs that are not known.

        :param channels: by channel, how many messages; those that the client would hear count.
        """
        commands: list[Command] = [
            scripts.REWIND(
                (self._keys.channel(name).state, self._keys.channel(name).log),
                (self._awaited_for, self._retention, last, digest),
            )
            for name, last in channels.items()
        ]
        listing = self._listing(channels, self._awaited_for)
        found = zip(channels, self._pool.ask([*commands, *listing], deadline), strict=False)
        return {
            name: Start(parse_position(tail), new_past(parse_position(begins)))
            for name, (tail, begins) in found
        }

    def keep(self, channels: Collection[str], deadline: Deadline) -> None:
        """Keep channels that this process hears from expiring, and list them again.

        Channels that are not known are not begun. The list may have been lost although the channels
        are there: a Redis that is short of memory may evict any key.
        """
        commands = [
            self._touch(name, False, self._heard_for, self._unheard_for) for name in channels
        ]
        found = zip(channels, self._pool.ask(commands, deadline), strict=True)
        known = [name for name, position in found if position is not None]
        self._pool.ask(self._listing(known, self._heard_for), deadline)

    def matching(self, pattern: str) -> list[str]:
        """Return the known channels that fit *pattern*.

        It goes in steps, each with a deadline of its own: see :class:`.StepDeadlines`.
        """
        fits = matcher(pattern)
        deadlines = StepDeadlines(self._pool.timeout_seconds)
        # A channel that is listed again meanwhile may be found twice.
        found: dict[str, None] = {}
        cursor: Argument = 0
        while True:
            command = scripts.LISTED([self._keys.list], (cursor, NAMES_AT_ONCE))
            ((cursor, names),) = self._pool.ask([command], deadlines.next())
            found.update((name, None) for name in map(bytes.decode, names) if fits(name))
            if cursor == b"0":
                return list(found)
            let_others_run()

    def _read(self, channel: str, cursor: Position | None, max_bytes: int, renew: bool) -> Command:
        keys = self._keys.channel(channel)
        at = cursor or UNKNOWN_POSITION
        return scripts.READ(
            (keys.state, keys.log),
            (*at, max_bytes, self._awaited_for, int(renew), keys.announced_on),
        )

    def _touch(self, channel: str, may_begin: bool, lives: int, awaits: int) -> Command:
        keys = self._keys.channel(channel)
        arguments = (int(may_begin), lives, self._retention, awaits)
        return scripts.TOUCH((keys.state, keys.log), arguments)

    def _listing(self, channels: Collection[str], lives: int) -> list[Command]:
        return [scripts.LIST([self._keys.list], (lives, *channels))] if channels else []

    def _list_and_mark(self, unlisted: Unlisted, deadline: Deadline) -> None:
        """List channels of a cluster, and then mark them as listed."""
        lives = max(unlisted.values())
        marks: list[Command] = [
            ("SET", self._keys.channel(name).listed, "1", "PX", round(lives * MARKED_PART) + 1)
            for name in unlisted
        ]
        self._pool.ask([*self._listing(list(unlisted), lives), *marks], deadline)


def _page(channel: str, reply: Sequence[Any]) -> LogPage:
    tail, lost, *entries = reply
    publications = tuple(parse_entry(channel, entry) for entry in entries)
    return LogPage(publications, parse_position(tail), lost=lost > 0, is_trimmed=lost == TRIMMED)
