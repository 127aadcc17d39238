"""The clients in Redis: a hash each, and a list of what waits for its browser."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ...config.settings import Config
from ...protocol.positions import Position
from ..base import MOST_WAITING, TAKEN_SECONDS
from ..records import Arrival, ConnectionRecord
from ..subscriptions import MOST_LEFT, Known, Subscription, Subscriptions
from . import scripts
from .connection import Deadline
from .ends import RedisEnds, as_fields
from .entries import parse_position
from .keys import RedisKeys
from .log import Tails
from .pool import RedisPool
from .scripts import Command


class RedisClients:
    """Every client, in one Redis. A name names a connection; which process has it stands before.

    :param process: names this process.
    """

    def __init__(self, pool: RedisPool, keys: RedisKeys, config: Config, process: str) -> None:
        self._pool = pool
        self._keys = keys
        self._process = process
        self._ends = RedisEnds(pool, keys, config)
        self._awaited_for = round(config.connect_timeout_seconds * 1000)
        self._lives = round(config.disconnect_timeout_seconds * 1000)

    def subscribe(
        self, digest: str, starts: Mapping[str, Position], deadline: Deadline
    ) -> set[str]:
        """Add subscriptions where there are none; the processes that hold its connections."""
        pairs = [part for name, at in starts.items() for part in (name, str(at))]
        command = scripts.SUBSCRIBE(
            [self._keys.client(digest), self._keys.session_of(digest)],
            (self._awaited_for, *pairs),
        )
        return _processes(self._pool.ask([command], deadline))

    def subscribe_at_tails(self, digest: str, tails: Tails, deadline: Deadline) -> set[str]:
        """As :meth:`subscribe`, where no position is given from where the log stands, in one step.

        :raises SlotsDiffer: if Redis is a cluster.
        """
        command = scripts.SUBSCRIBE_AT_TAILS(
            (self._keys.client(digest), self._keys.session_of(digest), *tails.keys),
            (self._awaited_for, *tails.arguments),
        )
        return _processes(self._pool.ask([command], deadline))

    def unsubscribe(self, digest: str, channels: Collection[str], deadline: Deadline) -> set[str]:
        """Take subscriptions away; the processes that hold its connections."""
        command = scripts.UNSUBSCRIBE(
            [self._keys.client(digest)], (self._awaited_for, MOST_LEFT, *channels)
        )
        return _processes(self._pool.ask([command], deadline))

    def forget(self, digest: str, deadline: Deadline) -> None:
        """Forget a client."""
        self._pool.ask([("DEL", self._keys.client(digest))], deadline)

    def tell(self, digest: str, processes: Iterable[str], deadline: Deadline) -> None:
        """Tell processes that the subscriptions of a client have changed."""
        self._tell(((digest, process) for process in processes), deadline)

    def subscriptions(
        self, digests: Collection[str], deadline: Deadline
    ) -> dict[str, Subscriptions | None]:
        """How each client stands; None for one not known."""
        commands: list[Command] = [("HGETALL", self._keys.client(digest)) for digest in digests]
        replies = self._pool.ask(commands, deadline)
        return {
            digest: self._subscriptions(as_fields(reply)) if reply else None
            for digest, reply in zip(digests, replies, strict=True)
        }

    def connect(
        self,
        digest: str,
        name: str,
        user: str | None,
        sessions: Collection[str],
        deadline: Deadline,
    ) -> Arrival:
        """Note a connection; what was known of its client, and what waits for its browser."""
        keys = self._keys
        connect = scripts.CONNECT(
            [keys.client(digest), keys.waiting(digest), keys.session_of(digest)],
            (self._full_name(name), self._lives),
        )
        (known, items, has_arrived, has_ended, began), *of_others = self._pool.ask(
            [connect, *self._ends.questions(user, sessions)], deadline
        )
        if has_ended:
            return Arrival(None, (), has_ended=True)
        if self._ends.has_ended(int(began), of_others):
            self.forget_connection(ConnectionRecord(digest, name, {}), deadline)
            return Arrival(None, (), has_ended=True)
        subscriptions = self._subscriptions(as_fields(known)) if known else None
        lost = self._ends.lost(subscriptions, of_others)
        if subscriptions and lost:
            self.unsubscribe(digest, lost, deadline)
            for channel in lost:
                del subscriptions[channel]
        return Arrival(subscriptions, _texts(items), bool(has_arrived))

    def forget_connection(self, record: ConnectionRecord, deadline: Deadline) -> None:
        """Forget a connection."""
        self._pool.ask([self._present(scripts.FORGET_CONNECTION, record)], deadline)

    def refresh(self, records: Sequence[ConnectionRecord], deadline: Deadline) -> list[str]:
        """Keep clients; those of them that are not known, or not with this connection."""
        commands = [self._present(scripts.REFRESH, record) for record in records]
        replies = self._pool.ask(commands, deadline)
        return [one.digest for one, is_known in zip(records, replies, strict=True) if not is_known]

    def restore(
        self, known: Sequence[tuple[ConnectionRecord, Known]], deadline: Deadline
    ) -> list[Subscriptions]:
        """Write clients again, and tell the other processes that hold connections of theirs; how
        each stands now."""
        commands = [self._restore(*one) for one in known]
        replies = self._pool.ask(commands, deadline)
        self._tell(
            (
                (record.digest, process)
                for (record, _), reply in zip(known, replies, strict=True)
                for process in _holders(reply) - {self._process}
            ),
            deadline,
        )
        return [self._subscriptions(as_fields(reply)) for reply in replies]

    def deposit(self, digest: str, item: str, heir: str, deadline: Deadline) -> None:
        """Let *item* wait."""
        command = scripts.DEPOSIT(
            [self._keys.waiting(digest), self._keys.session_of(digest)],
            (item, MOST_WAITING, self._lives, heir),
        )
        self._pool.ask([command], deadline)

    def collect(self, digest: str, taker: str, deadline: Deadline) -> list[str]:
        """Take what waits; again, if *taker* has taken it before."""
        key = self._keys.waiting(digest)
        taken = key + b":" + taker.encode()
        (items,) = self._pool.ask(
            [
                scripts.COLLECT(
                    [key, taken, self._keys.session_of(digest)], (TAKEN_SECONDS * 1000, digest)
                )
            ],
            deadline,
        )
        return _texts(items)

    def _tell(self, told: Iterable[tuple[str, str]], deadline: Deadline) -> None:
        commands: list[Command] = [
            ("PUBLISH", self._keys.process(process), digest) for digest, process in told
        ]
        if commands:
            self._pool.ask(commands, deadline)

    def _restore(self, record: ConnectionRecord, known: Known) -> Command:
        places = known.places(record.sent)
        on = [part for name, at, moment in places for part in (name, str(at), moment)]
        left = [part for end in known.left.items() for part in end]
        name = self._full_name(record.name)
        return scripts.RESTORE(
            [self._keys.client(record.digest)],
            (name, self._lives, MOST_LEFT, len(places), *on, *left),
        )

    def _present(self, script: scripts.Script, record: ConnectionRecord) -> Command:
        pairs = [part for name, at in record.sent.items() for part in (name, str(at))]
        name = self._full_name(record.name)
        keys = [self._keys.client(record.digest), self._keys.session_of(record.digest)]
        return script(keys, (name, self._lives, *pairs))

    def _subscriptions(self, fields: Mapping[bytes, bytes]) -> Subscriptions:
        return Subscriptions(
            {name: _subscription(fields, name) for name in _named(fields, "since:")},
            _named(fields, "connection:" + self._full_name("")),
            {name: int(fields[b"left:" + name.encode()]) for name in _named(fields, "left:")},
            int(fields.get(b"forgotten", 0)),
        )

    def _full_name(self, name: str) -> str:
        return f"{self._process}/{name}"


def _processes(replies: Sequence[Any]) -> set[str]:
    return {name.decode().partition("/")[0] for name in replies[0]}


def _holders(reply: Sequence[bytes]) -> set[str]:
    return {name.partition("/")[0] for name in _named(reply[::2], "connection:")}


def _named(fields: Iterable[bytes], kind: str) -> list[str]:
    prefix = kind.encode()
    return [name[len(prefix) :].decode() for name in fields if name.startswith(prefix)]


def _subscription(fields: Mapping[bytes, bytes], name: str) -> Subscription:
    since, _, moment = fields[b"since:" + name.encode()].rpartition(b":")
    sent = fields.get(b"sent:" + name.encode())
    return Subscription(
        parse_position(since), None if sent is None else parse_position(sent), int(moment)
    )


def _texts(items: Sequence[bytes]) -> list[str]:
    return [item.decode() for item in items]
