"""Which connections of this process are on which channel, and how far each of them is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ..protocol.positions import Position
from ..registries.subscriptions import Known, Subscription, Subscriptions
from ..threads.pause import let_others_run
from ..writing.frames import Frame
from .channels import Channels
from .late_leaves import LateLeaves
from .members import NOTHING, Listener, Member

# For how many seconds a channel without listeners is still heard. A navigation closes a page's
# socket and opens the next within moments: the channel then needs neither an UNSUBSCRIBE nor
# another read of its log.
IDLE_SECONDS = 10.0
# How many clients are looked up between two pauses; under gevent nobody else runs meanwhile.
CLIENTS_AT_ONCE = 1000
_NO_PASTS: Mapping[str, Subscription] = {}


class Hub:
    """Knows this process's connections, and puts them on channels.

    :param channels: the channels that are heard here, shared with the delivery.
    :param ignore: lets this process hear channels no more.
    """

    def __init__(self, channels: Channels, ignore: Callable[[Collection[str]], None]) -> None:
        self._channels = channels
        self._members = channels.members
        self._lock = channels.lock
        self._ignore = ignore
        #: Lets connections leave channels that are paused.
        self.late_leaves = LateLeaves(channels)

    # Connections.

    def add(self, connection: Listener, sessions: Collection[str] = ()) -> None:
        """Add *connection*, which is on no channel yet; *sessions*: see :meth:`.Members.add`."""
        with self._lock:
            self._members.add(connection, sessions)

    def remove(self, connection: Listener) -> dict[str, Position]:
        """Take *connection* off all channels and forget it.

        :returns: by channel, the position up to which the connection was sent; empty if it was
            removed before.
        """
        with self._lock:
            member = self._members.pop(connection)
            if member is None:
                return {}
            reached = self._reached(member)
            for name in member.positions:
                self._channels.leave(name, connection)
            return reached

    def connections(
        self, digest: str | None = None, session: str | None = None, user: str | None = None
    ) -> Collection[Listener]:
        """Return the connections of a client, of a browser session, or of a user.

        Without arguments, return all connections.
        """
        with self._lock:
            if digest is not None:
                return self._members.connections(digest)
            if session is not None:
                return self._members.of_session(session)
            if user is not None:
                return self._members.of_user(user)
            return self._members.all()

    def digests(self) -> list[str]:
        """Return the digests of the clients that have a connection here."""
        with self._lock:
            return self._members.digests()

    def reached(self, connection: Listener) -> dict[str, Position]:
        """Return, by channel, the position up to which *connection* was sent."""
        with self._lock:
            member = self._members.get(connection)
            return {} if member is None else self._reached(member)

    def channels(self, connection: Listener) -> set[str]:
        """Return the channels that *connection* is on, or is about to enter."""
        with self._lock:
            member = self._members.get(connection)
            return set() if member is None else {*member.positions, *member.coming}

    # Subscriptions of one connection.

    def mark_subscribed(self, connection: Listener) -> bool:
        """Note that *connection* has its first subscriptions.

        :returns: whether they may have changed since they were read.
        """
        with self._lock:
            member = self._members.get(connection)
            if member is None:
                return False
            member.is_subscribed = True
            was_stale, member.is_stale = member.is_stale, False
            return was_stale

    def mark_stale(self, digests: Collection[str]) -> None:
        """Note that the subscriptions of clients may have changed.

        Only connections that do not have their first subscriptions yet are marked.
        """
        for index, digest in enumerate(digests, 1):
            with self._lock:
                for connection in self._members.connections(digest):
                    member = self._members.get(connection)
                    if member is not None and not member.is_subscribed:
                        member.is_stale = True
            if index % CLIENTS_AT_ONCE == 0:
                let_others_run()

    def is_ready(self, connection: Listener) -> bool:
        """Return whether *connection* has its first subscriptions and is still open."""
        with self._lock:
            member = self._members.get(connection)
            return member is not None and member.is_subscribed

    def is_stale(self, connection: Listener) -> bool:
        """Return whether the subscriptions of *connection* may have changed since it came."""
        with self._lock:
            member = self._members.get(connection)
            return member is not None and member.is_stale

    def begin_reading(self, digests: Collection[str]) -> None:
        """Note that the subscriptions of clients are read from now on: see :meth:`leave`."""
        for index, digest in enumerate(digests, 1):
            with self._lock:
                self._members.admit_anew(digest)
            if index % CLIENTS_AT_ONCE == 0:
                let_others_run()

    def note(self, connection: Listener, subscriptions: Subscriptions) -> None:
        """Note the subscriptions that *connection* has from now on."""
        with self._lock:
            member = self._members.get(connection)
            if member is not None:
                member.known = member.known.joined(subscriptions)

    def noted(self, connection: Listener) -> Known:
        """Return what :meth:`note` noted last."""
        with self._lock:
            member = self._members.get(connection)
            return NOTHING if member is None else member.known

    def invite(
        self,
        connection: Listener,
        starts: Mapping[str, Position],
        pasts: Mapping[str, Subscription] = _NO_PASTS,
    ) -> None:
        """Let *connection* enter channels at its next :meth:`enter`.

        :meth:`leave` takes an invitation back, and may bar one.

        :param pasts: by channel, the subscriptions that begin with older messages. The connection
            gets these messages even if it had them before it left the channel.
        """
        with self._lock:
            member = self._members.get(connection)
            if member is not None:
                member.invite(starts, pasts)

    def begun_anew(
        self, connection: Listener, subscriptions: Mapping[str, Subscription]
    ) -> set[str]:
        """Return the channels on which *connection* is because of an earlier subscription.

        :param subscriptions: the client's present subscriptions that begin with older messages.
        """
        with self._lock:
            member = self._members.get(connection)
            return set() if member is None else member.begun_anew(subscriptions)

    def give_up_pasts(
        self, connection: Listener, starts: Mapping[str, Position]
    ) -> dict[str, Position]:
        """Give up older messages that are gone, and begin where the client subscribed.

        :param starts: by channel, the position where *connection* should begin, and cannot.
        :returns: by channel, the position where it begins instead.
        """
        begins: dict[str, Position] = {}
        with self._lock:
            member = self._members.get(connection)
            if member is None:
                return begins
            for name, at in starts.items():
                one = member.pasts.get(name)
                if one is not None and at.epoch == one.since.epoch and at.seq < one.since.seq:
                    begins[name] = member.positions[name] = one.since
        return begins

    def enter(self, connection: Listener) -> dict[str, Position]:
        """Put *connection* on the channels that it was invited to.

        A channel that is new to the process is paused until its log has been read. The connection
        hears a channel live once :meth:`step` says so.

        :returns: the channels that are new to the connection, with the positions where it begins.
        """
        new: dict[str, Position] = {}
        with self._lock:
            member = self._members.get(connection)
            if member is None:
                return new
            for name, position in member.coming.items():
                if name not in member.positions:
                    new[name] = member.positions[name] = position
                    self._channels.enter(name)
            member.coming.clear()
        return new

    def leave(
        self, connection: Listener, names: Collection[str], *, bars: bool = False
    ) -> list[str]:
        """Take *connection* off channels, and tell its page; return those that it was on.

        :param bars: whether the subscriptions that were read before this may not bring the
            connection back.
        """
        gone: list[str] = []
        with self._lock:
            member = self._members.get(connection)
            if member is None:
                return gone
            if bars:
                member.bar(names)
            for name in names:
                if member.take_back(name) or name in member.positions:
                    gone.append(name)
                if name in member.positions:
                    self._channels.take_off(name, connection, member)
        if gone:
            connection.tell_left(gone)
        return gone

    def step(self, connection: Listener, name: str, position: Position) -> list[Frame] | None:
        """Bring *connection*, which has everything up to *position*, one step nearer to the tail.

        :returns: the frames to send next. An empty list: the connection has reached the tail and
            hears the channel live from now on, or it has left the channel. None: the next entries
            have to be read from the log.
        """
        with self._lock:
            member = self._members.get(connection)
            channel = self._channels.get(name)
            if member is None or channel is None or name not in member.positions:
                return []
            frames = channel.after(position)
            if frames is not None and not frames:
                member.positions[name] = None
                channel.join(connection)
            return frames

    def move(self, connection: Listener, name: str, position: Position) -> bool:
        """Count everything up to *position* as posted to *connection*, which is catching up.

        Call it before the frames are queued: the outbox knows what the peer has not taken. Returns
        False if the connection has left the channel: no more of it is to be sent.
        """
        with self._lock:
            member = self._members.get(connection)
            if member is None or member.positions.get(name) is None:
                return False
            member.positions[name] = position
            return True

    def pop_idle(self) -> list[str]:
        """Stop hearing the channels that no connection has been on for a while.

        :returns: their names. If one of them was entered again at the same moment, it may have been
            listened to before it was ignored: its log has to be read again.
        """
        with self._lock:
            idle = self._channels.pop_idle(IDLE_SECONDS)
        if idle:
            self._ignore(idle)
        return idle

    def _reached(self, member: Member) -> dict[str, Position]:
        reached = dict(member.coming)
        for name in member.positions:
            at = self._channels.at(member, name)
            if at is not None:
                reached[name] = at
        return reached
