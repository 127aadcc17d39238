"""The logs of channels in Redis: append, read, keep, list."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...config.settings import Config
from ...errors import RegistryUnavailable
from ...protocol.channels import matcher
from ...protocol.positions import Position, new_tag
from ...protocol.pushes import Push, new_push_id
from ...threads.fork import ForkLocal
from ..records import LogPage
from . import scripts
from .accepted import RedisAccepted
from .address import RedisAddress
from .batches import batches
from .connection import ConnectionLost, Deadline
from .entries import parse_entry, parse_position, passing_entry
from .keys import RedisKeys
from .pool import RedisPool
from .resp import Argument, ErrorReply
from .scripts import Command

logger = logging.getLogger(__name__)

PUSH_ID_SECONDS = 300

# A channel in use is put on the list of known ones anew after this part of its life, and stays
# there so much longer: listing costs a round trip, since the list is in a slot of its own.
_LISTING_PART = 0.25

# What lua/read.lua replies where the log no longer reaches back.
TRIMMED = 2

# As many channels as can be looked at with the first call over a new connection, at no cost that
# shows.
MOST_CHECKED = 500

# About how many bytes of a push's command are not payload: keys, limits, positions.
BYTES_BESIDE_PAYLOAD = 500

# What the scripts take where no position is known.
_NOWHERE = ("", 0, "")


class Retention(NamedTuple):
    """How much a log keeps, and for how long (in ms) it and its channel's state live."""

    entries: int
    bytes: int
    log_lives: int
    state_lives: int

    @classmethod
    def of(cls, config: Config) -> Retention:
        """Those that the settings ask for."""
        history = config.history_ttl_seconds
        return cls(
            config.history_size,
            config.history_bytes,
            _milliseconds(history),
            _milliseconds(config.disconnect_timeout_seconds + history),
        )

    def __str__(self) -> str:
        return ":".join(map(str, self))


class Tails(NamedTuple):
    """The keys and arguments of a script that takes the tails of logs."""

    keys: tuple[bytes, ...]
    arguments: tuple[Argument, ...]


class RedisLog:
    """Every channel's log, in one Redis.

    :param is_guess: the limits are not the app's; where the app has noted its own with a channel,
        those count.
    """

    def __init__(
        self, pool: RedisPool, keys: RedisKeys, limits: Retention, is_guess: bool = False
    ) -> None:
        self._pool = pool
        self._keys = keys
        self._lives = limits.state_lives
        self._listed_for = max(1, int(self._lives * _LISTING_PART))
        self._limits = str(limits)
        self._is_guess = int(is_guess)
        # As long as a page may be away and come back.
        self._accepted_here = ForkLocal(lambda: RedisAccepted(limits.state_lives / 1000))
        pool.check_with(self._checks)

    @classmethod
    def open(cls, config: Config, setting: str) -> RedisLog:
        """Return the logs in the Redis of *config*, for a caller that knows only the address.

        The limits of a log are the app's, where the app has noted them with the channel. Nothing
        is connected before the first call.

        :param config: its address, prefix and timeout are used.
        :param setting: the name by which errors call the address, ``"redis_url"`` for example.
        :raises InvalidSetting: if the address cannot be used.
        """
        seconds = config.redis_timeout_seconds
        pool = RedisPool(RedisAddress(config.redis, setting, seconds), seconds)
        return cls(pool, RedisKeys(config.redis_prefix), Retention.of(config), is_guess=True)

    def deadline(self) -> Deadline:
        """Return the deadline of a call that begins now."""
        return self._pool.deadline()

    def close(self) -> None:
        """Close all connections to Redis."""
        self._pool.close()

    def publish(self, pushes: Sequence[Push], deadline: Deadline) -> list[Position]:
        """Append each push and announce it, in order.

        :raises RegistryUnavailable: with the channels that are known to have accepted theirs.
        """
        replies: list[Any] = []
        try:
            # What a batch's logs accepted is noted before the next: Redis may go back between two.
            for batch in batches(pushes, _size_of):
                self._append_all(batch, replies, deadline)
        except ConnectionLost as error:
            raise self._failed(pushes, replies, error) from None
        refusal = next((one for one in replies if type(one) is ErrorReply), None)
        if refusal is not None:
            raise self._failed(pushes, replies, refusal)
        accepted = zip(pushes, replies, strict=True)
        self._list_accepted((push.channel for push, reply in accepted if reply[1]), deadline)
        return [parse_position(reply[0]) for reply in replies]

    def announce(self, pushes: Sequence[Push], deadline: Deadline) -> None:
        """Announce each push, which no log takes."""
        commands: list[Command] = [
            ("PUBLISH", self._keys.channel(push.channel).announced_on, passing_entry(push))
            for push in pushes
        ]
        self._pool.ask(commands, deadline)

    def read(
        self,
        cursors: Mapping[str, Position | None],
        max_bytes: int,
        renew: bool,
        deadline: Deadline,
    ) -> dict[str, LogPage]:
        """What each log has after its cursor."""
        commands = [self._read(name, at, max_bytes, renew) for name, at in cursors.items()]
        return {
            name: _page(name, reply)
            for name, reply in zip(cursors, self._pool.ask(commands, deadline), strict=True)
        }

    def tails(self, starts: Mapping[str, Position | None]) -> Tails:
        """What begins those not known, keeps and lists them all, within a larger step; a position
        that is given counts in place of the tail."""
        keys = [self._keys.list]
        for name in starts:
            of_channel = self._keys.channel(name)
            keys += (of_channel.state, of_channel.log, of_channel.listed)
        pairs = [part for name, at in starts.items() for part in (name, str(at or ""))]
        return Tails(tuple(keys), (self._lives, self._limits, self._listed_for, *pairs))

    def begin(self, channels: Collection[str], deadline: Deadline) -> dict[str, Position]:
        """Return where each log stands; a log that is not known is begun."""
        replies = self._pool.ask([self._touch(name, True) for name in channels], deadline)
        found = dict(zip(channels, replies, strict=True))
        self._list([name for name, reply in found.items() if reply[1]], deadline)
        return {name: parse_position(reply[0]) for name, reply in found.items()}

    def keep(self, channels: Collection[str], deadline: Deadline) -> None:
        """Keep those that are known from expiring."""
        replies = self._pool.ask([self._touch(name, False) for name in channels], deadline)
        found = zip(channels, replies, strict=True)
        self._list([name for name, reply in found if reply is not None and reply[1]], deadline)

    def matching(self, pattern: str, deadline: Deadline) -> list[str]:
        """The known channels that fit *pattern*."""
        (names,) = self._pool.ask([scripts.LISTED([self._keys.list])], deadline)
        fits = matcher(pattern)
        return [name for name in map(bytes.decode, names) if fits(name)]

    def _append_all(self, pushes: Sequence[Push], replies: list[Any], deadline: Deadline) -> None:
        """Have *pushes* appended, and add to *replies* those that come."""
        # The first push of a channel looks for those behind it.
        known = self._accepted_here.get().positions({push.channel for push in pushes})
        commands = [self._append(push, known.pop(push.channel, None)) for push in pushes]
        try:
            replied = self._pool.run(commands, deadline)
        except ConnectionLost as error:
            self._note_accepted(pushes, error.replies)
            replies += error.replies
            raise
        self._note_accepted(pushes, replied)
        replies += replied

    def _append(self, push: Push, known: Position | None) -> Command:
        keys = self._keys.channel(push.channel)
        return scripts.APPEND(
            (
                keys.state,
                keys.log,
                keys.push_id + (push.push_id or new_push_id()).encode(),
                keys.listed,
            ),
            (
                push.payload,
                str(push.route),
                new_tag(),
                keys.announced_on,
                self._limits,
                self._is_guess,
                PUSH_ID_SECONDS * 1000,
                *(known or _NOWHERE),
            ),
        )

    def _checks(self) -> list[Command]:
        """What looks whether the logs still have what they accepted of this process."""
        newest = self._accepted_here.get().newest(MOST_CHECKED)
        return [self._check(name, at) for name, at in newest.items()]

    def _check(self, channel: str, known: Position) -> Command:
        keys = self._keys.channel(channel)
        return scripts.CHECK((keys.state, keys.log), (*known, self._lives, keys.announced_on))

    def _read(self, channel: str, cursor: Position | None, max_bytes: int, renew: bool) -> Command:
        keys = self._keys.channel(channel)
        return scripts.READ(
            (keys.state, keys.log),
            (*(cursor or _NOWHERE), max_bytes, self._lives, int(renew), keys.announced_on),
        )

    def _touch(self, channel: str, may_begin: bool) -> Command:
        keys = self._keys.channel(channel)
        return scripts.TOUCH(
            (keys.state, keys.log, keys.listed), (int(may_begin), self._lives, self._limits)
        )

    def _list(self, channels: Sequence[str], deadline: Deadline) -> None:
        """Put channels on the list; noted behind that, so that one that fails is tried again."""
        if channels:
            marks: list[Command] = [
                ("SET", self._keys.channel(name).listed, "1", "PX", self._listed_for)
                for name in channels
            ]
            lives = self._lives + self._listed_for
            listing = scripts.LIST([self._keys.list], (lives, *channels))
            self._pool.ask([listing, *marks], deadline)

    def _list_accepted(self, channels: Iterable[str], deadline: Deadline) -> None:
        try:
            self._list(list(dict.fromkeys(channels)), deadline)
        except RegistryUnavailable as error:
            # The push has been accepted all the same, and the next one lists its channel.
            logger.warning("Channels were not listed, patterns may miss them: %s", error)

    def _note_accepted(self, pushes: Sequence[Push], replies: Sequence[Any]) -> None:
        accepted = self._accepted_here.get()
        # A channel's last comes last.
        replied = zip(pushes, replies, strict=False)
        last = {push.channel: reply[0] for push, reply in replied if type(reply) is list}
        for channel, position in last.items():
            accepted.note(channel, parse_position(position))

    def _failed(
        self, pushes: Sequence[Push], replies: Sequence[Any], reason: object
    ) -> RegistryUnavailable:
        taken = [type(reply) is list for reply in replies]
        taken += [False] * (len(pushes) - len(taken))
        failed = next(push for push, is_taken in zip(pushes, taken, strict=True) if not is_taken)
        accepted = dict.fromkeys(
            push.channel for push, is_taken in zip(pushes, taken, strict=True) if is_taken
        )
        return self._pool.unavailable(reason, push_id=failed.push_id, accepted=list(accepted))


def _page(channel: str, reply: Sequence[Any]) -> LogPage:
    tail, lost, *entries = reply
    publications = tuple(parse_entry(channel, entry) for entry in entries)
    return LogPage(publications, parse_position(tail), lost=lost > 0, is_trimmed=lost == TRIMMED)


def _size_of(push: Push) -> int:
    return BYTES_BESIDE_PAYLOAD + len(push.payload)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
