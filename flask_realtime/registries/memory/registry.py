"""The registry of a single process: everything in its memory, nothing to install."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ...config.settings import Config
from ...errors import CloseCode
from ...identity.keys import session_of
from ...protocol.channels import matcher
from ...protocol.positions import Position
from ...protocol.publications import NOWHERE, Publication
from ...protocol.pushes import Push
from ...protocol.starts import Start, Starts, as_start, as_starts, new_past
from ...threads import clock
from ...threads.fork import ForkLocal
from ...threads.pause import let_others_run
from ..base import Registry
from ..records import Arrival, ConnectionRecord, Disconnect, Grant, LogPage, RegistryEvents
from ..subscriptions import Known, Subscriptions
from .clients import moment_of, moments_in, present_moment
from .delivery import MemoryDelivery
from .log import MemoryLog
from .store import MemoryStore


class MemoryRegistry(Registry):
    """Who is subscribed to what, and the log of each channel, within one process.

    Nothing here waits for a network or raises :exc:`~flask_realtime.RegistryUnavailable`. Another
    process has another registry, also one that was forked off this one.

    :param config: the app's settings.
    """

    reaches_other_processes = False

    def __init__(self, config: Config) -> None:
        self._own: ForkLocal[MemoryStore] = ForkLocal(lambda: MemoryStore(config))

    def __str__(self) -> str:
        return "this process's memory"

    def start(self, events: RegistryEvents, owners: Collection[str] = ()) -> None:
        own = self._own.get()
        with own.lock:
            own.events = events

    def close(self) -> None:
        own = self._own.pop()
        if own is not None and own.delivery is not None:
            own.delivery.close()

    # Logs.

    def publish(self, pushes: Sequence[Push]) -> list[Position]:
        pieces = self._own.get().in_pieces(pushes)
        return [self._publish(push) for piece in pieces for push in piece]

    def announce(self, pushes: Sequence[Push]) -> None:
        own = self._own.get()
        for piece in own.in_pieces(pushes):
            with own.lock:
                for push in piece:
                    own.deliver(Publication(push.channel, NOWHERE, "", push.payload, push.route))

    def new_push_id(self) -> None:
        return None

    def matching(self, pattern: str) -> list[str]:
        return self._own.get().known_channels(matcher(pattern))

    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        own = self._own.get()
        pages = {}
        for channel, cursor in cursors.items():
            # Locks for one channel at a time, because a page may have hundreds of entries.
            with own.lock:
                log = own.logs.read(channel, clock.monotonic())
                if renew and cursor is not None and log.is_foreign(cursor):
                    log.restart()
                pages[channel] = log.read(cursor, max_bytes)
        return pages

    def listen(self, channels: Collection[str]) -> None:
        own = self._own.get()
        with own.lock:
            own.heard.update(channels)
            if own.delivery is None and own.events is not None:
                delivery = MemoryDelivery(own.events.deliver)
                delivery.start()
                own.delivery = delivery

    def ignore(self, channels: Collection[str]) -> None:
        own = self._own.get()
        with own.lock:
            own.heard.difference_update(channels)
            now = clock.monotonic()
            for channel in channels:
                own.logs.note_unheard(channel, now)

    # Clients.

    def subscribe(
        self, digest: str, channels: Collection[str] | Starts, grant: Grant | None = None
    ) -> None:
        given = {name: as_start(start) for name, start in as_starts(channels).items()}
        own = self._own.get()
        with own.lock:
            now = own.tidy()
            if own.sessions.heir(session_of(digest), now) is not None:
                return
            own.clients.check_limit(digest, given, now)
            began = present_moment()
            asked = own.users.asked_for(None if grant is None else grant.user, given, began, now)
            if grant is not None:
                began = moment_of(grant.began)
                asked.update((name, moment_of(at)) for name, at in grant.asked.items())
                # What the user was put out of meanwhile begins anew.
                own.clients.admit(digest, grant.user, 0, own.users, now)
                for name in own.users.left_since(grant.user, asked, now):
                    given.pop(name, None)
            logs = {channel: own.logs.read(channel, now) for channel in given}
            starts = {name: _begun(given[name], log, digest) for name, log in logs.items()}
            events = (
                own.events if own.clients.subscribe(digest, starts, began, asked, now) else None
            )
        if events is not None:
            events.changed(digest)

    def rewind(self, digest: str, channels: Collection[str], last: int) -> dict[str, Start]:
        own = self._own.get()
        with own.lock:
            logs = {name: own.logs.read(name, clock.monotonic()) for name in channels}
            return {name: _begun(Start(last=last), log, digest) for name, log in logs.items()}

    def unsubscribe(self, digest: str, channels: Collection[str] | Mapping[str, int]) -> None:
        own = self._own.get()
        until = moments_in(channels)
        # A page hears what was pushed before it leaves. Behind the change this would come too late:
        # a thread that reads the subscriptions meanwhile takes the page off the channel.
        own.settle(digest)
        with own.lock:
            now = own.tidy()
            gone = own.clients.subscribed_before(digest, until, now) if until else channels
            events = own.events if own.clients.unsubscribe(digest, gone, now) else None
        if events is not None:
            events.changed(digest, gone)

    def subscriptions(self, digests: Collection[str]) -> dict[str, Subscriptions | None]:
        own = self._own.get()
        with own.lock:
            now = clock.monotonic()
            clients = {digest: own.clients.get(digest, now) for digest in digests}
            return {
                digest: None if client is None else client.stands()
                for digest, client in clients.items()
            }

    def forget_client(self, digest: str) -> None:
        own = self._own.get()
        with own.lock:
            own.clients.drop(digest, own.tidy())

    def connect(
        self,
        digest: str,
        name: str,
        user: str | None = None,
        sessions: Collection[str] = (),
        asked_at: float | None = None,
    ) -> Arrival:
        session = session_of(digest)
        own = self._own.get()
        with own.lock:
            now = own.tidy()
            has_ended = own.sessions.has_ended((session, *sessions), "", now)
            began = own.began(session, asked_at, now)
            if has_ended or not own.admit(digest, user, began, now):
                return Arrival(None, (), has_ended=True)
            own.sessions.note_socket(session, moment_of(now), now)
            waiting = own.waiting.of(session, digest, now)
            is_resumed = own.clients.has_arrived(digest, now)
            return Arrival(own.clients.connect(digest, name, now, began), waiting, is_resumed)

    def forget_connection(self, record: ConnectionRecord) -> None:
        own = self._own.get()
        with own.lock:
            own.clients.forget_connection(record, own.tidy())

    def refresh(self, records: Sequence[ConnectionRecord], channels: Collection[str]) -> list[str]:
        own = self._own.get()
        unknown = []
        # Locks for one record at a time, so that pushes go on while thousands are refreshed.
        for record in records:
            with own.lock:
                now = clock.monotonic()
                own.sessions.note_socket(session_of(record.digest), present_moment(), now)
                if not own.clients.refresh(record, now):
                    unknown.append(record.digest)
        for channel in channels:
            with own.lock:
                own.logs.keep(channel, clock.monotonic())
        # In an idle process nothing else removes what has expired.
        has_more = True
        while has_more:
            with own.lock:
                has_more = own.drop_expired(clock.monotonic())
            if has_more:
                let_others_run()
        return unknown

    def restore(self, known: Sequence[tuple[ConnectionRecord, Known]]) -> list[Subscriptions]:
        own = self._own.get()
        with own.lock:
            now = own.tidy()
            return [own.clients.restore(record, one, now) for record, one in known]

    # Sessions and users that have ended.

    def disconnect(self, order: Disconnect) -> None:
        own = self._own.get()
        with own.lock:
            events = own.events
        if events is not None:
            events.disconnected(order)

    def end_session(self, session: str, heir: str = "", age: int = 0, successor: str = "") -> int:
        own = self._own.get()
        with own.lock:
            ended_ago, orphans = own.end_session(session, heir, age, successor)
        for orphan in orphans:
            self.disconnect(Disconnect(session=orphan, code=CloseCode.SESSION_CHANGED))
        return ended_ago

    def has_ended(self, sessions: Collection[str], heir: str = "") -> bool:
        own = self._own.get()
        with own.lock:
            return own.sessions.has_ended(sessions, heir, clock.monotonic())

    def end_user(self, user: str, channel: str | None = None, age: int = 0) -> None:
        own = self._own.get()
        with own.lock:
            now, moment = own.tidy(), present_moment() - age
            if channel is None:
                own.users.end(user, moment, now)
                return
            moment = own.users.leave(user, channel, moment, now, is_now=age == 0)
            events = own.events
        if events is not None:
            events.unsubscribed(user, channel, moment)

    # What waits for browsers.

    def deposit(self, digest: str, item: str, heir: str = "") -> None:
        own = self._own.get()
        with own.lock:
            now = own.tidy()
            if own.sessions.heir(session_of(digest), now) in (None, heir or None):
                own.waiting.add(digest, item, now)

    def collect(self, digest: str, taker: str) -> list[str]:
        own = self._own.get()
        with own.lock:
            now = own.tidy()
            heir = own.sessions.heir(session_of(digest), now)
            is_over = heir is not None and heir.partition(":")[0] != digest
            return [] if is_over else own.waiting.take(digest, taker, now)

    def health(self) -> dict[str, Any]:
        own = self._own.get()
        with own.lock:
            delivery = own.delivery
        return {
            "registry": "memory",
            "reachable": True,
            "listening": delivery is not None,
            "lag_seconds": None if delivery is None else delivery.lag_seconds(),
        }

    def _publish(self, push: Push) -> Position:
        own = self._own.get()
        with own.lock:
            position, publication = own.logs.append(push, own.tidy(), push.channel in own.heard)
            # Within the lock, so that publications are delivered in the log's order.
            if publication is not None:
                own.deliver(publication)
            return position


def _begun(start: Start, log: MemoryLog, digest: str) -> Start:
    """Return *start* with the positions that the log adds to it."""
    past = new_past(log.rewind(start.last, digest)) if start.last else start.past
    return Start(start.since or log.tail, past, by_view=start.by_view)
