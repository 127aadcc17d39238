"""What every registry promises: who is subscribed to what, and what waits for whom."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from ..protocol.starts import Start, Starts
from .channels import ChannelRegistry
from .records import Arrival, ConnectionRecord, Disconnect, Grant, RegistryEvents
from .subscriptions import Known, Subscriptions


class Registry(ChannelRegistry):
    """Who is subscribed to what, and the log of each channel.

    An app has one registry in each of its processes: ``REALTIME_REGISTRY`` says of which kind, and
    may name a subclass of this class, which is called with the app's settings.

    The words used here:

    * a *channel* has a name, and a log: its messages in order, each at a position;
    * a *client* is one page of one browser; a digest names it. It may have several connections,
      in several processes, for example where a browser's tab was duplicated;
    * a *connection* is one open WebSocket; its name is unique within its process;
    * a *session* is one browser session; a digest names it, too.

    Every method may be called from any thread or greenlet, at any time after :meth:`start`. Every
    method that needs a network raises :exc:`~flask_realtime.RegistryUnavailable` if it is not done
    within ``REALTIME_REDIS_TIMEOUT_SECONDS``, one deadline for the whole call, or if what it asks
    for is refused. Methods that never raise it say so.
    """

    #: Whether a push made in this process is heard by the sockets of other processes.
    reaches_other_processes: ClassVar[bool] = True

    def __str__(self) -> str:
        """The registry as a log names it."""
        return type(self).__name__

    @abstractmethod
    def start(self, events: RegistryEvents, owners: Collection[str] = ()) -> None:
        """Tell *events* from now on what reaches this process.

        Called once in each process, and anew in one that was forked. Nothing is connected by it:
        the first :meth:`listen` or :meth:`connect` does that.

        :param events: the functions to call.
        :param owners: names that tell the app from others, made of its secret keys: the present one
            first. A registry that several apps may share warns of another app in its place.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop listening and let go of everything; a closed registry is not used again."""

    # Clients.

    @abstractmethod
    def subscribe(
        self, digest: str, channels: Collection[str] | Starts, grant: Grant | None = None
    ) -> None:
        """Let a client hear *channels*.

        A channel to which the client is subscribed already keeps its place. One that a view's
        decorator had subscribed (``Start.by_view``) outlives that view, if this call is not a
        decorator's. Every process that has a connection of the client is told by
        ``events.changed``. A client that never has a
        connection expires ``REALTIME_CONNECT_TIMEOUT_SECONDS`` after its last subscription. A
        client whose browser session has ended is subscribed to nothing.

        :param digest: the client's.
        :param channels: names, not patterns, which are heard from where their logs stand now; or
            names with the position from which each is heard, or a :class:`.Start`, None for where
            its log stands now. Older messages that a start asks for by ``last`` are counted as
            :meth:`rewind` counts them, in the same step.
        :param grant: whose request subscribes the client, None for a stranger's. The client is not
            left on a channel that :meth:`end_user` has put the user out of since the request asked
            for it, and a client that is new counts as having begun when the request came.
        :raises TooManyChannels: if the client would be subscribed to more channels than
            ``REALTIME_MAX_CHANNELS_PER_PAGE``; then nothing is changed.
        """

    @abstractmethod
    def rewind(self, digest: str, channels: Collection[str], last: int) -> dict[str, Start]:
        """Return, for each channel, a start that lies *last* messages back.

        Messages count that the client would hear, and requests to render blocks do not. A log that
        has fewer is begun at its first message. Nothing is subscribed.

        :param digest: the client's.
        :param channels: names, not patterns.
        :param last: how many messages, at least 1.
        """

    @abstractmethod
    def unsubscribe(self, digest: str, channels: Collection[str]) -> None:
        """Let a client hear *channels* no more.

        Every process that has a connection of the client is told by ``events.changed``. Channels to
        which the client is not subscribed are no error, nor is an unknown client: the registry may
        have lost them, while a process still knows them.

        :param digest: the client's.
        :param channels: names, not patterns.
        """

    @abstractmethod
    def subscriptions(self, digests: Collection[str]) -> dict[str, Subscriptions | None]:
        """Return the subscriptions of each client, by its digest; None for an unknown client.

        :param digests: the clients'.
        """

    @abstractmethod
    def forget_client(self, digest: str) -> None:
        """Forget a client that has no connection, with all its subscriptions.

        :param digest: the client's.
        """

    @abstractmethod
    def connect(
        self,
        digest: str,
        name: str,
        user: str | None = None,
        sessions: Collection[str] = (),
    ) -> Arrival:
        """Add a connection of a client, and return what is known of the client.

        Adding and reading the subscriptions is one atomic step. From then on this process is told
        of changes by ``events.changed``. A client that this method created counts as unknown until
        its first :meth:`refresh`, and goes with its connection if nobody has subscribed it.

        The connection is not added if the client's browser session has ended, or if the client
        began before :meth:`end_user` was called for *user*.

        :param digest: the client's.
        :param name: the connection's.
        :param user: the identity of the client, percent-encoded; None: a stranger.
        :param sessions: further digests of the client's browser session, under former secret keys.
        :returns: the client's subscriptions, and what waits for its browser.
        """

    @abstractmethod
    def forget_connection(self, record: ConnectionRecord) -> None:
        """Take a connection away from its client, and note how far it was sent.

        Other connections of the client are left alone; while a newer one is there, nothing is noted
        for this one. A connection that is not known is no error.

        :param record: the connection, and how far it was sent.
        :raises RegistryUnavailable: if the registry does not confirm it in time. The connection
            expires then.
        """

    @abstractmethod
    def refresh(self, records: Sequence[ConnectionRecord], channels: Collection[str]) -> list[str]:
        """Keep what this process holds from expiring, and note how far each connection was sent.

        Of several connections of one client the one that came last counts. A client or a connection
        that is not known is not made anew: see :meth:`restore`.

        :param records: connections of this process; their clients are kept.
        :param channels: channels that this process hears; they are kept, and stay known.
        :returns: the digests of those clients that are not known, or not with that connection.
        """

    @abstractmethod
    def restore(self, known: Sequence[tuple[ConnectionRecord, Known]]) -> list[Subscriptions]:
        """Write clients again from what this process knows, where the registry has lost it.

        A client may be gone, a connection of it, a subscription, or the end of a subscription. For
        each channel the later of what this process knows and what the registry has counts.

        :param known: for each client one of its connections, which goes on behind what it was sent,
            and what this process knows of its subscriptions.
        :returns: the subscriptions that each client has now.
        """

    # Sessions and users that have ended.

    @abstractmethod
    def disconnect(self, order: Disconnect) -> None:
        """Have sockets closed, in all processes.

        Each process, this one included, is told by ``events.disconnected``.

        :param order: whose sockets, and with which code.
        """

    @abstractmethod
    def end_session(self, session: str, heir: str = "") -> None:
        """Let no client of a browser session connect, subscribe or take what waits any more.

        What waits for the session is dropped. Its end is remembered as long as its clients could
        come back: ``REALTIME_DISCONNECT_TIMEOUT_SECONDS`` if a socket of the session ever opened,
        else ``REALTIME_CONNECT_TIMEOUT_SECONDS``. A second call changes no heir.

        :param session: the session's digest.
        :param heir: where a message of a socket ends its own session, a name that begins with the
            digest of the socket's client and a colon: what is deposited under this name may be
            collected by that client.
        """

    @abstractmethod
    def end_user(self, user: str, channel: str | None = None) -> None:
        """Let no client of a user that began before this moment connect any more; or, if *channel*
        is given, put the user's clients out of that channel.

        They are put out of what they subscribed to before this moment, and every process is told by
        ``events.unsubscribed``.

        :param user: the identity of the user, percent-encoded.
        :param channel: a name, not a pattern.
        """

    def replay_disconnects(self) -> None:
        """Tell ``events.disconnected`` and ``events.unsubscribed`` again what they may have missed
        before ``events.restored``.

        """
        return

    # What waits for browsers.

    @abstractmethod
    def deposit(self, digest: str, item: str, heir: str = "") -> None:
        """Let *item* wait for the browser of a client, behind what waits already.

        Of what waits for all clients of one browser session, and of what they took within the last
        minute, the last 1,000 items are kept, and of these the last MiB. The item is dropped if the
        session has ended, unless *heir* is what :meth:`end_session` was given.

        :param digest: the client's.
        :param item: a text.
        :param heir: the name under which a message lets its own changes wait.
        """

    @abstractmethod
    def collect(self, digest: str, taker: str) -> list[str]:
        """Take what waits for the browser of a client; of two that call at once, one gets it all.

        Once the session has ended, only the client that :meth:`end_session` named as heir gets
        anything.

        :param digest: the client's.
        :param taker: names who asks. The same taker gets an item again for a minute after it first
            took it, because the answer may have been lost on its way to the browser.
        :returns: the items in the order in which they were deposited.
        """

    @abstractmethod
    def health(self) -> dict[str, Any]:
        """Return how the registry is; never raises.

        :returns: a dict with ``registry``, the kind's name; ``reachable`` and ``listening``, each
            True or False; and ``lag_seconds``, how late announcements arrive, None while nothing
            is heard. A kind may add more: Redis says in ``may_evict_keys`` whether it may drop keys
            when its memory is full, None while that is not known.
        """
