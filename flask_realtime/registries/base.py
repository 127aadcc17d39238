"""What every registry promises: who is subscribed to what, and the log of each channel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from ..protocol.positions import Position
from ..protocol.pushes import Push, new_push_id
from .records import Arrival, ConnectionRecord, Disconnect, LogPage, RegistryEvents
from .subscriptions import Known, Subscriptions

# No browser lets a thousand calls wait that changed its session; a client that never comes for
# what waits shall not fill the registry.
MOST_WAITING = 1000
# How long a browser goes on asking whose answer was lost, amply.
TAKEN_SECONDS = 60


class Registry(ABC):
    """Who is subscribed to what, and the log of each channel.

    Every method may be called from any thread or greenlet. Whatever needs the network raises
    :exc:`~flask_realtime.RegistryUnavailable` within ``REALTIME_REDIS_TIMEOUT_SECONDS``: one
    deadline for the whole call.
    """

    #: Whether a push made here is heard by the sockets of other processes.
    reaches_other_processes: ClassVar[bool] = True

    @abstractmethod
    def start(self, receiver: RegistryEvents) -> None:
        """Tell *receiver* from now on what reaches this process. Called once a process; connects
        nothing by itself, the first :meth:`listen` or :meth:`connect` does."""

    @abstractmethod
    def close(self) -> None:
        """Stop listening and let go of all that is held; a closed registry is not used again."""

    @abstractmethod
    def publish(self, pushes: Sequence[Push]) -> list[Position]:
        """Append each push to its channel's log and announce it, one atomic step a push.

        Pushes of one channel are appended in the order given. A push whose id the channel has
        seen in the last 300 s is not appended again; its position is the first one's.

        :returns: the position of each push.
        :raises RegistryUnavailable: with the channels that are known to have accepted theirs.
        """

    @abstractmethod
    def announce(self, pushes: Sequence[Push]) -> None:
        """Tell the connections that are open now of each push; no log takes it.

        Every process that hears the channel is given a publication without a position
        (``Publication.is_ephemeral``) by ``events.deliver``. A connection that is not open then
        never hears of it, and a repeat is not recognised.

        :raises RegistryUnavailable: if it may not have been announced.
        """

    def new_push_id(self) -> str | None:
        """The id of a push that was given none; None where no outcome is ever unknown, so that
        there is no repeat to be recognised."""
        return new_push_id()

    @abstractmethod
    def matching(self, pattern: str) -> list[str]:
        """The names of the known channels that fit *pattern* (``*`` is any run of characters).

        Costs time in proportion to the channels known.
        """

    @abstractmethod
    def subscribe(
        self, digest: str, channels: Collection[str] | Mapping[str, Position | None]
    ) -> None:
        """Let the client hear *channels* from their present positions on.

        A channel the client is subscribed to already keeps the position it has. Every process
        that holds a connection of the client is told by ``receiver.changed``. A client without
        a connection expires ``CONNECT_TIMEOUT`` after its last subscription, as long as none
        ever came. A client whose browser session has ended is subscribed to nothing.

        :param channels: names; or names with the position from which each is heard, None for its
            present one.
        """

    @abstractmethod
    def unsubscribe(self, digest: str, channels: Collection[str]) -> None:
        """The contrary; told in the same way. Unknown clients and channels are no error: the
        registry may have lost them, and a process know them still."""

    @abstractmethod
    def subscriptions(self, digests: Collection[str]) -> dict[str, Subscriptions | None]:
        """By digest, then by channel, how each client stands; None for a client not known."""

    @abstractmethod
    def forget_client(self, digest: str) -> None:
        """Forget a client that has no connection, with all its subscriptions."""

    @abstractmethod
    def connect(
        self,
        digest: str,
        name: str,
        user: str | None = None,
        sessions: Collection[str] = (),
    ) -> Arrival:
        """Note a connection of the client and return its subscriptions, in one atomic step, and
        what waits for its browser. From then on this process is told of changes.

        Of a client that only connections have begun nothing is known before one of them is
        refreshed: until then none may have lived long enough to hear that it is not known.

        The connection of a client whose browser session has ended is not noted, and neither is
        that of one that began before :meth:`end_user` was called for *user*.

        :param user: the identity of the client, percent-encoded; None: a stranger.
        :param sessions: further names of the client's browser session, under earlier secret keys.
        """

    @abstractmethod
    def forget_connection(self, record: ConnectionRecord) -> None:
        """Forget a connection and note how far it was sent. Never harms another connection of
        the same client: while a newer one is there, an older one notes nothing. Doing it twice is
        no error."""

    @abstractmethod
    def refresh(self, records: Sequence[ConnectionRecord], channels: Collection[str]) -> list[str]:
        """Keep connected clients and the channels that this process hears from expiring, and
        note how far each connection was sent, of several of one client the one that came last. A
        client or a connection that is not known is not made anew.

        :returns: the digests of those.
        """

    @abstractmethod
    def restore(self, known: Sequence[tuple[ConnectionRecord, Known]]) -> list[Subscriptions]:
        """Write clients again from what their process knew of them, where the registry has lost
        it: a client that is gone, a connection, a subscription or the end of one. Of a channel
        the later of what is known and what the registry has counts (see :mod:`.subscriptions`).

        :param known: of each a connection, which goes on behind its ``sent``.
        :returns: how each client stands now.
        """

    @abstractmethod
    def listen(self, channels: Collection[str]) -> None:
        """Hear *channels* in this process. Returns when each is confirmed: whatever is published
        after that is delivered."""

    @abstractmethod
    def ignore(self, channels: Collection[str]) -> None:
        """Hear *channels* no more in this process. Never raises, may take effect later; a
        :meth:`listen` that comes after it wins."""

    @abstractmethod
    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        """For each channel what its log has after the cursor, in as few round trips as it takes.

        A cursor of None asks for the tail alone. A log that went back (its tail is below the
        cursor, or the entry at the cursor carries another tag) gets a new epoch, and each that
        reads after an older one is told ``lost``. A channel not known begins a new log.

        :param max_bytes: roughly, of payload for each channel; at least one entry is returned
            where there is one.
        :param renew: False for cursors that a client named: judged alike, but a false one must
            not give the log a new epoch, which would cost every other client its place.
        """

    # Sessions and users that have ended.

    @abstractmethod
    def disconnect(self, order: Disconnect) -> None:
        """Have the sockets that *order* names closed, in all processes."""

    @abstractmethod
    def end_session(self, session: str, heir: str = "") -> None:
        """Let no client of a browser session connect, subscribe or take what waits any more.

        Remembered ``DISCONNECT_TIMEOUT`` where a socket of the session ever opened, else
        ``CONNECT_TIMEOUT``: as long as its clients could come back. A second call changes no heir.

        :param session: names it.
        :param heir: of a message of a socket that ends its session: what the message itself lets
            wait, under this name, may be taken; it begins with the client's digest.
        """

    @abstractmethod
    def end_user(self, user: str, channel: str | None = None) -> None:
        """Let no client of a user that began before this moment connect any more; or, where
        *channel* is given, let none hear that channel by what it subscribed to before, and tell
        every process by ``receiver.unsubscribed``.

        :param user: the identity of the user, percent-encoded.
        """

    def replay_disconnects(self) -> None:
        """Tell ``receiver.disconnected`` and ``receiver.unsubscribed`` again of what they may have
        missed before ``receiver.restored``."""
        return

    # What waits for browsers.

    @abstractmethod
    def deposit(self, digest: str, item: str, heir: str = "") -> None:
        """Let *item* wait for the browser of this client, behind what waits already; the last
        ``MOST_WAITING`` are kept. It is dropped if the client's session has ended, unless *heir* is
        what :meth:`end_session` was given."""

    @abstractmethod
    def collect(self, digest: str, taker: str) -> list[str]:
        """Take what waits: of two that call at once, one gets it all. Where the client's session
        has ended, only what its heir let wait can be had, and by the heir's client alone.

        :param taker: names who asks; the same one, asking again within ``TAKEN_SECONDS``, gets the
            same, for the answer may have been lost, and what came since.
        """

    @abstractmethod
    def health(self) -> dict[str, Any]:
        """``reachable`` and ``listening`` (bool), ``lag_seconds`` (float, or None while nothing
        is heard), and ``registry``, the kind's name. Never raises."""
