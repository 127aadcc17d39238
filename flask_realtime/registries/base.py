"""The contract of a registry: who is subscribed to what, and what waits for whom."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from ..protocol.starts import Start, Starts
from .channels import ChannelRegistry
from .records import Arrival, ConnectionRecord, Disconnect, Grant, RegistryEvents
from .subscriptions import Known, Subscriptions


class Registry(ChannelRegistry):
    """Who is subscribed to what, and the log of each channel.

    An app has one registry in each of its processes. ``REALTIME_REGISTRY`` says its kind, and may
    name a subclass of this class, which is called with the app's settings.

    The words used here:

    * a *channel* has a name, and a log: its messages in order, each at a position;
    * a *client* is one page of one browser; a digest names it. It may have several connections,
      in several processes, for example where a browser's tab was duplicated;
    * a *connection* is one open WebSocket; its name is unique within its process;
    * a *session* is one browser session; a digest names it, too.

    Every method may be called from any thread or greenlet, at any time after :meth:`start`. A
    method that needs a network raises :exc:`~flask_realtime.RegistryUnavailable` if it is refused,
    or not done within ``REALTIME_REDIS_TIMEOUT_SECONDS``, unless it says that it never raises. For
    many channels :meth:`publish`, :meth:`announce` and :meth:`matching` take steps of that time.
    """

    #: Whether a push made in this process is heard by the sockets of other processes.
    reaches_other_processes: ClassVar[bool] = True

    def __str__(self) -> str:
        """Return the registry's name in logs."""
        return type(self).__name__

    @abstractmethod
    def start(self, events: RegistryEvents, owners: Collection[str] = ()) -> None:
        """Tell *events* from now on what reaches this process.

        Called once in each process, and again in a process that was forked. It connects to nothing:
        the first :meth:`listen` or :meth:`connect` does that.

        :param events: the functions to call.
        :param owners: names of the app, made of its secret keys, the present key first. A registry
            that several apps can use warns if another app uses the same keys in it.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop listening, and close all connections. A closed registry is not used again."""

    # Clients.

    @abstractmethod
    def subscribe(
        self, digest: str, channels: Collection[str] | Starts, grant: Grant | None = None
    ) -> None:
        """Let a client hear *channels*.

        A channel to which the client is subscribed already keeps its place. If a view's decorator
        has subscribed the client (``Start.by_view``), and this call is not a decorator's, the
        subscription no longer ends with that view. Every process that has a connection of the
        client is told by ``events.changed``. A client that never has a connection expires
        ``REALTIME_CONNECT_TIMEOUT_SECONDS`` after its last subscription. A client whose browser
        session has ended is subscribed to nothing.

        :param digest: the client's digest.
        :param channels: names, not patterns: each channel is heard from its log's present tail on.
            Or a mapping of names, each to where the subscription begins: a :class:`.Position`, a
            :class:`.Start`, or None for the log's present tail. Older messages that a start asks
            for by ``last`` are counted as :meth:`rewind` counts them, in the same step.
        :param grant: the user whose request subscribes the client; None: a stranger's request. The
            client is not subscribed to a channel that :meth:`end_user` has put the user out of
            since the request asked for it. A new client counts as begun when the request came.
        :raises TooManyChannels: if the client would be subscribed to more channels than
            ``REALTIME_MAX_CHANNELS_PER_PAGE``; then nothing is changed.
        """

    @abstractmethod
    def rewind(self, digest: str, channels: Collection[str], last: int) -> dict[str, Start]:
        """Return, for each channel, a start that lies *last* messages back.

        Only messages count that the client would hear, and requests to render blocks do not count.
        If a log has fewer messages, the start lies before its first one. Nothing is subscribed.

        :param digest: the client's digest.
        :param channels: names, not patterns.
        :param last: how many messages, at least 1.
        """

    @abstractmethod
    def unsubscribe(self, digest: str, channels: Collection[str] | Mapping[str, int]) -> None:
        """End a client's subscriptions to *channels*.

        Every process that has a connection of the client is told the names by ``events.changed``,
        behind what was published before; this one before the call returns. It is no error if the
        client is not known, or not subscribed: the registry may have lost what a process knows.

        :param digest: the client's digest.
        :param channels: names, not patterns. Or a mapping of names, each to when the client was to
            leave it: in ms by the registry's clock, as ``events.unsubscribed`` was given it; or, if
            not above 0, minus how many ms ago. What a request has asked for since is kept.
        """

    @abstractmethod
    def subscriptions(self, digests: Collection[str]) -> dict[str, Subscriptions | None]:
        """Return the subscriptions of each client, by its digest; None for an unknown client.

        :param digests: the digests of the clients.
        """

    @abstractmethod
    def forget_client(self, digest: str) -> None:
        """Forget a client that has no connection, with all its subscriptions.

        :param digest: the client's digest.
        """

    @abstractmethod
    def connect(
        self,
        digest: str,
        name: str,
        user: str | None = None,
        sessions: Collection[str] = (),
        asked_at: float | None = None,
    ) -> Arrival:
        """Add a connection of a client, and return what is known of the client.

        Adding the connection and reading the subscriptions is one atomic step. From then on this
        process is told of changes by ``events.changed``. A client that this method creates counts
        as unknown until its first :meth:`refresh`; it is forgotten with its connection if nobody
        has subscribed it to anything.

        The connection is not added if the client's browser session has ended, or if the client
        began before :meth:`end_user` was called for *user*.

        :param digest: the client's digest.
        :param name: the connection's name.
        :param user: the identity of the client's user, percent-encoded, or a hash of it where that
            is long; None: a stranger.
        :param sessions: further digests of the client's browser session, under former secret keys.
        :param asked_at: when the client's page was asked for, by :func:`time.monotonic`. A client
            that is not known began then; if None, when the first socket of its session was opened.
        :returns: the client's subscriptions, and what waits for its browser.
        """

    @abstractmethod
    def forget_connection(self, record: ConnectionRecord) -> None:
        """Remove a connection from its client, and note the positions up to which it was sent.

        Other connections of the client stay. No positions are noted if the client has a newer
        connection. It is no error if the connection is not known.

        :param record: the connection, and the positions up to which it was sent.
        :raises RegistryUnavailable: if the registry does not confirm it in time. The connection
            then expires.
        """

    @abstractmethod
    def refresh(self, records: Sequence[ConnectionRecord], channels: Collection[str]) -> list[str]:
        """Keep clients and channels from expiring, and note how far each connection was sent.

        If a client has several connections, only the positions of the latest one are noted. Clients
        and connections that are not known are not created: :meth:`restore` does that.

        :param records: connections of this process, whose clients are kept.
        :param channels: channels that this process hears; they are kept, and stay known.
        :returns: the digests of clients that are not known, or not known with that connection.
        """

    @abstractmethod
    def restore(self, known: Sequence[tuple[ConnectionRecord, Known]]) -> list[Subscriptions]:
        """Write clients again that the registry has lost, from what this process knows of them.

        The registry may have lost a client, a connection, a subscription, or the end of one. For
        each channel the later change counts: the one that this process knows, or the registry's. A
        client that was lost counts as begun when its connection was opened: an end of its user that
        is told late, and came after that, still keeps it away.

        :param known: for each client one of its connections, with the positions up to which it was
            sent, and what this process knows of the client's subscriptions.
        :returns: the subscriptions that each client has now.
        """

    # Sessions and users that have ended.

    @abstractmethod
    def disconnect(self, order: Disconnect) -> None:
        """Have sockets closed, in all processes.

        Each process, this one included, is told by ``events.disconnected``.

        :param order: whose sockets are closed, and with which code.
        """

    @abstractmethod
    def end_session(self, session: str, heir: str = "", age: int = 0, successor: str = "") -> int:
        """End a browser session: none of its clients can connect, subscribe or collect any more.

        Items that wait are dropped, but for those of the heir's client. The end is remembered as
        long as clients of the session could come back: ``REALTIME_DISCONNECT_TIMEOUT_SECONDS`` if a
        socket of it ever opened, else ``REALTIME_CONNECT_TIMEOUT_SECONDS``.

        Of several ends of one session the first one counts: a second call changes neither the heir
        nor the successor. If a call is told late, and a later end was noted before it, then the
        heir of that later end loses its right, and the successor of that later end ends as well,
        with its own successor, and so on. The sockets of these sessions are closed (4001) in all
        processes.

        :param session: the session's digest.
        :param heir: for a message of a socket that ends its own session: a name that begins with
            the digest of the socket's client and a colon. What waits for that client already, and
            what is deposited under this name, can be collected by it.
        :param age: how many ms ago the session ended. Less than a second (``LATE_END_MS`` in
            ``registries/records.py``) counts as now.
        :param successor: the digest of the session that takes the place of this one, if it is to
            live only as long as no earlier end of this session becomes known; else empty.
        :returns: how many ms ago the session had ended, at least 1; 0 if the registry knew no end,
            or only this one, since the answer to a first attempt within this call was lost.
        """

    @abstractmethod
    def has_ended(self, sessions: Collection[str], heir: str = "") -> bool:
        """Return whether any of these browser sessions has ended, as :meth:`end_session` noted it.

        :param sessions: the digests of the sessions.
        :param heir: where a message asks, the name of its own: a session that the message has ended
            itself does not count.
        """

    @abstractmethod
    def end_user(self, user: str, channel: str | None = None, age: int = 0) -> None:
        """End the clients that a user had at a moment, or put them out of one channel.

        Without *channel*, no client of the user that began before the moment can connect any more.
        With *channel*, the user's subscriptions to it end that were asked for before, and every
        process is told by ``events.unsubscribed``, even if the end could not be noted and
        :exc:`~flask_realtime.RegistryUnavailable` is raised. If the moment is more than 3 seconds
        ago (``LATE_MS`` in ``registries/records.py``), a registry may close the user's sockets with
        code 1012 in place of that: the pages connect again, with what was asked for later.

        :param user: the identity of the user, percent-encoded, or a hash of it where that is long.
        :param channel: a name, not a pattern; None: the clients end.
        :param age: how many ms ago the moment was.
        """

    def replay_disconnects(self, clients: Mapping[str, str | None]) -> None:
        """Repeat orders that this process may have missed before ``events.restored`` was called.

        Calls ``events.disconnected`` and ``events.unsubscribed``; by default, nothing.

        :param clients: the digest of each client that has a connection to this process, with its
            user as :meth:`connect` takes it: so that ends are found whose orders are not kept.
        """
        return

    # What waits for browsers.

    @abstractmethod
    def deposit(self, digest: str, item: str, heir: str = "") -> None:
        """Let *item* wait for the browser of a client, after the items that wait already.

        For each browser session the last 1,000 items are kept, and of these the last MiB; items
        that were collected within the last minute count too. The item is dropped if the session has
        ended, unless *heir* is the name that :meth:`end_session` was given.

        :param digest: the client's digest.
        :param item: a text.
        :param heir: the name under which a message of a socket lets its own changes wait.
        """

    @abstractmethod
    def collect(self, digest: str, taker: str) -> list[str]:
        """Take the items that wait for the browser of a client.

        If two callers ask at the same time, one of them gets all items. Once the session has ended,
        only the client that :meth:`end_session` named as heir gets anything.

        :param digest: the client's digest.
        :param taker: a name for the caller. The same taker gets an item again for a minute after it
            first took it, because the answer may have been lost on its way to the browser.
        :returns: the items in the order in which they were deposited.
        """

    @abstractmethod
    def health(self) -> dict[str, Any]:
        """Return the state of the registry. Never raises.

        :returns: a dict with ``registry`` (str: its kind), ``reachable`` and ``listening`` (bool)
            and ``lag_seconds`` (float: how late announcements arrive; None while none is heard). A
            kind may add more: Redis adds ``may_evict_keys`` (bool: whether it may drop keys when
            its memory is full; None: not known yet).
        """
