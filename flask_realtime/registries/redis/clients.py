"""The clients in Redis: one hash for each, and what waits for their browsers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from secrets import token_hex

from ...config.settings import Config
from ...errors import RegistryUnavailable, TooManyChannels
from ...identity.keys import session_of
from ...protocol.starts import Start
from ...threads import clock
from ..lifetimes import MOST_WAITING, MOST_WAITING_BYTES, TAKEN_SECONDS, Lifetimes
from ..records import Arrival, ConnectionRecord, Grant, age_in_ms
from ..subscriptions import MOST_LEFT, Known, Subscriptions
from . import scripts
from .client_hashes import holders_in, processes_of, subscriptions_in, waiting_for
from .connection import Deadline
from .keys import RedisKeys
from .log import Tails
from .pool import RedisPool
from .resp import Argument
from .retention import milliseconds
from .revocation_check import RevocationCheck
from .scripts import Command
from .server_time import TimelyScripts, Timing
from .starts import write_since, write_start
from .tombstones import RedisTombstones

# For how long it is known that an item waits already: much longer than a call takes.
DEPOSITED_MS = 60_000


class RedisClients:
    """All clients in one Redis.

    In a client's hash the name of a connection begins with the name of its process.

    :param process: the name of this process.
    """

    def __init__(self, pool: RedisPool, keys: RedisKeys, config: Config, process: str) -> None:
        self._pool = pool
        self._keys = keys
        self._process = process
        #: The sessions and users that have ended.
        self.tombstones = RedisTombstones(pool, keys, config)
        lifetimes = Lifetimes.of(config)
        self._awaited_for = milliseconds(lifetimes.awaited_client)
        self._lives = milliseconds(lifetimes.client)
        self._most_channels = config.max_channels_per_page
        self._timely = TimelyScripts(pool)

    def subscribe(
        self, digest: str, starts: Mapping[str, Start], grant: Grant | None, deadline: Deadline
    ) -> set[str]:
        """Add subscriptions where there are none; return the processes that have the client.

        :param starts: by channel, where the subscription begins.
        :param grant: the user whose request subscribes the client; None: a stranger's.
        :raises TooManyChannels: if the client would be on too many channels.
        """
        pairs = [part for name, at in starts.items() for part in (name, write_start(at, digest))]
        keys = (self._keys.client(digest), self._keys.session_of(digest))
        make = partial(scripts.SUBSCRIBE, keys)
        return self._subscribe(digest, make, list(starts), pairs, grant, deadline)

    def subscribe_at_tails(
        self, digest: str, tails: Tails, grant: Grant | None, deadline: Deadline
    ) -> set[str]:
        """Do what :meth:`subscribe` does, and find missing positions in the logs in the same step;
        not possible in a cluster.
        """
        user = () if grant is None else (self._keys.user(grant.user),)
        keys = (self._keys.client(digest), self._keys.session_of(digest), *tails.keys, *user)
        make = partial(scripts.SUBSCRIBE_AT_TAILS, keys)
        return self._subscribe(digest, make, tails.channels, tails.arguments, grant, deadline)

    def unsubscribe(
        self,
        digest: str,
        channels: Collection[str] | Mapping[str, int],
        deadline: Deadline,
        mark: bytes = b"",
    ) -> tuple[int, set[str]]:
        """End subscriptions, and tell the other processes that have the client.

        :param channels: see :meth:`.Registry.unsubscribe`.
        :param mark: is published to this process, which is not told then: it tells itself.
        :returns: when they have ended, in ms; and the processes that have the client.
        """
        key, told = self._keys.client(digest), (self._keys.process(""), self._process, mark, digest)
        logs = [] if self._pool.is_cluster else [self._keys.channel(one).state for one in channels]
        given = tuple(channels.values()) if isinstance(channels, Mapping) else ()
        given_at = clock.monotonic()

        def command(timing: Timing) -> Command:
            since = age_in_ms(given_at)
            moments = [at if at > 0 else at - since for at in given]
            first = (self._awaited_for, MOST_LEFT, len(moments), *timing, *told)
            return scripts.UNSUBSCRIBE([key, *logs], (*first, *channels, *moments))

        try:
            moment, names = self._timely.run(command, deadline)[0]
        except RegistryUnavailable:
            if not (logs and self._pool.is_cluster):
                raise
            return self.unsubscribe(digest, channels, deadline, mark)
        return int(moment), processes_of(names)

    def forget(self, digest: str, deadline: Deadline) -> None:
        """Forget a client."""
        self._pool.ask([("DEL", self._keys.client(digest))], deadline)

    def tell(self, told: Iterable[tuple[str, str]], deadline: Deadline) -> None:
        """Tell processes that subscriptions changed: *told* are digests, each with a process."""
        commands: list[Command] = [
            ("PUBLISH", self._keys.process(process), digest) for digest, process in told
        ]
        if commands:
            self._pool.ask(commands, deadline)

    def subscriptions(
        self, digests: Collection[str], deadline: Deadline
    ) -> dict[str, Subscriptions | None]:
        """Return the subscriptions of each client; None for a client that is not known."""
        commands: list[Command] = [("HGETALL", self._keys.client(digest)) for digest in digests]
        replies = self._pool.ask(commands, deadline)
        return {
            digest: self._subscriptions(reply) if reply else None
            for digest, reply in zip(digests, replies, strict=True)
        }

    def connect(
        self,
        digest: str,
        name: str,
        user: str | None,
        sessions: Collection[str],
        deadline: Deadline,
        asked_at: float | None = None,
    ) -> Arrival:
        """Add a connection: see :meth:`.Registry.connect`."""
        keys = self._keys

        def command(timing: Timing) -> Command:
            age = "" if asked_at is None else age_in_ms(asked_at)
            return scripts.CONNECT(
                [keys.client(digest), keys.waiting(session_of(digest)), keys.session_of(digest)],
                (self._full_name(name), self._lives, age, *timing),
            )

        (known, items, has_arrived, has_ended, began), *of_others = self._timely.run(
            command, deadline, self.tombstones.questions(user, sessions)
        )
        if has_ended:
            return Arrival(None, (), has_ended=True)
        if self.tombstones.is_refused(int(began), of_others):
            self.forget_connection(ConnectionRecord(digest, name, {}), deadline)
            return Arrival(None, (), has_ended=True)
        subscriptions = self._subscriptions(known) if known else None
        lost = self.tombstones.lost(user, subscriptions, of_others, deadline)
        if lost:
            self.unsubscribe(digest, lost, deadline)  # what was asked for again meanwhile is kept
            # Read again, so that the page is told which channels it has left.
            subscriptions = self.subscriptions([digest], deadline)[digest]
        return Arrival(subscriptions, waiting_for(digest, items), bool(has_arrived))

    def forget_connection(self, record: ConnectionRecord, deadline: Deadline) -> None:
        """Forget a connection."""
        self._pool.ask([self._present(scripts.FORGET_CONNECTION, record)], deadline)

    def refresh(self, records: Sequence[ConnectionRecord], deadline: Deadline) -> list[str]:
        """Keep clients from expiring: see :meth:`.Registry.refresh`."""
        commands = [self._present(scripts.REFRESH, record) for record in records]
        replies = self._pool.ask(commands, deadline)
        return [one.digest for one, is_known in zip(records, replies, strict=True) if not is_known]

    def restore(
        self, known: Sequence[tuple[ConnectionRecord, Known]], deadline: Deadline
    ) -> list[Subscriptions]:
        """Write clients again, and tell the other processes: see :meth:`.Registry.restore`."""
        # Asked each time: Redis may be another one since it last told its time.
        sent = self._timely.now(deadline)
        commands = [self._restore(*one, sent) for one in known]
        replies = self._pool.ask(commands, deadline)
        self.tell(
            (
                (record.digest, process)
                for (record, _), reply in zip(known, replies, strict=True)
                for process in holders_in(reply) - {self._process}
            ),
            deadline,
        )
        return [self._subscriptions(reply) for reply in replies]

    def deposit(self, digest: str, item: str, heir: str, deadline: Deadline) -> None:
        """Let *item* wait for the browser of a client."""
        session, keys = session_of(digest), self._keys
        command = scripts.DEPOSIT(
            [keys.waiting(session), keys.session(session), keys.deposit(session, token_hex(8))],
            (digest, item, MOST_WAITING, MOST_WAITING_BYTES, self._lives, heir, DEPOSITED_MS),
        )
        self._pool.ask([command], deadline)

    def collect(self, digest: str, taker: str, deadline: Deadline) -> list[str]:
        """Take what waits for a client; the same *taker* gets the same again for a while."""
        command = scripts.COLLECT(
            [self._keys.waiting(session_of(digest)), self._keys.session_of(digest)],
            (digest, taker, milliseconds(TAKEN_SECONDS)),
        )
        (items,) = self._pool.ask([command], deadline)
        return [item.decode() for item in items]

    def _restore(self, record: ConnectionRecord, known: Known, sent: int | str) -> Command:
        places = known.subscriptions(record.sent)
        on = [
            part
            for name, one in places.items()
            for part in (name, str(one.sent), write_since(one, record.digest))
        ]
        left = [part for end in known.left.items() for part in end]
        name = self._full_name(record.name)
        return scripts.RESTORE(
            [self._keys.client(record.digest)],
            (name, self._lives, MOST_LEFT, record.age, sent, len(places), *on, *left),
        )

    def _present(self, script: scripts.Script, record: ConnectionRecord) -> Command:
        pairs = [part for name, at in record.sent.items() for part in (name, str(at))]
        name = self._full_name(record.name)
        keys = [self._keys.client(record.digest), self._keys.session_of(record.digest)]
        return script(keys, (name, self._lives, *pairs))

    def _subscriptions(self, reply: Sequence[bytes]) -> Subscriptions:
        return subscriptions_in(reply, self._full_name(""))

    def _subscribe(
        self,
        digest: str,
        make: Callable[[Iterable[Argument]], Command],
        channels: Sequence[str],
        arguments: Iterable[Argument],
        grant: Grant | None,
        deadline: Deadline,
    ) -> set[str]:
        """Run a script that subscribes a client; return the processes that have the client.

        The processes have not been told yet.

        :param make: returns the script's command.
        :param arguments: those of the script that precede how long ago each of *channels* was asked
            for.
        """
        limits = (self._awaited_for, self._most_channels)
        check = None if grant is None else RevocationCheck(self.tombstones, grant)
        # Asked behind the script: if the user is put out later, every process is told of it.
        questions = () if check is None else (check.question(),)

        def command(timing: Timing) -> Command:
            age = 0 if grant is None else grant.age
            ages = [0 if grant is None else grant.age_of(name) for name in channels]
            return make((*limits, age, *timing, *arguments, *ages))

        subscribed, *replies = self._timely.run(command, deadline, questions)
        if isinstance(subscribed, int):
            raise TooManyChannels(subscribed, self._most_channels)
        processes = processes_of(subscribed)
        if check is None:
            return processes
        return self._checked(digest, processes, check, replies[0], deadline)

    def _checked(
        self,
        digest: str,
        processes: set[str],
        check: RevocationCheck,
        ended_ago: Sequence[tuple[int, bytes]],
        deadline: Deadline,
    ) -> set[str]:
        """Take back what the user of a client that was just subscribed was put out of.

        :returns: *processes*, and those that have to be told in any case.
        """
        check.note(ended_ago)
        while check.is_unsure:
            check.note(*self._pool.ask([check.question()], deadline))
        if check.is_disconnected:
            self._date_back(digest, deadline)
        lost = check.left
        return processes | self.unsubscribe(digest, lost, deadline)[1] if lost else processes

    def _date_back(self, digest: str, deadline: Deadline) -> None:
        """Have a client count as older than any end of its user."""
        key = self._keys.client(digest)
        self._pool.ask([("HSET", key, "began", 1), ("PEXPIRE", key, self._awaited_for)], deadline)

    def _full_name(self, name: str) -> str:
        return f"{self._process}/{name}"
