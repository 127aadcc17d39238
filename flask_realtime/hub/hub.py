"""The process's switchboard: which of its connections listen to which channel."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from ..identity.keys import session_of
from ..protocol.positions import Position
from ..registries.subscriptions import Known, Subscriptions
from ..writing.frames import Frame
from .channel import LocalChannel
from .delivery import Delivery
from .members import NOTHING, Listener, Member, Members

# A page navigation closes a socket and opens the next within moments; a channel that waits this
# long for its next listener costs neither an UNSUBSCRIBE nor another read of its log.
IDLE_SECONDS = 10.0


class Hub:
    """Knows this process's connections, and on which channels each of them stands.

    :param ignore: lets this process hear channels no more (the registry's).
    """

    def __init__(self, delivery: Delivery, ignore: Callable[[Collection[str]], None]) -> None:
        self._delivery = delivery
        self._ignore = ignore
        self._lock = delivery.lock
        self._channels = delivery.channels
        self._members = Members()

    # Connections.

    def add(self, connection: Listener) -> None:
        """Know *connection*, which hears nothing yet."""
        with self._lock:
            self._members.add(connection)

    def remove(self, connection: Listener) -> dict[str, Position]:
        """Forget *connection*; return how far each of its channels had been posted to it."""
        with self._lock:
            member = self._members.pop(connection)
            if member is None:
                return {}
            reached = self._reached(member)
            for name in member.positions:
                self._leave(connection, name)
            return reached

    def connections(
        self, digest: str | None = None, session: str | None = None, user: str | None = None
    ) -> list[Listener]:
        """The connections of a client, else of a session, else of a user, else all."""
        with self._lock:
            chosen = self._members.connections(digest)
        return [
            one
            for one in chosen
            if (session is None or session_of(one.digest) == session)
            and (user is None or one.user == user)
        ]

    def digests(self) -> list[str]:
        """The clients that have a connection here."""
        with self._lock:
            return self._members.digests()

    def reached(self, connection: Listener) -> dict[str, Position]:
        """By channel, how far its messages have been posted to *connection*."""
        with self._lock:
            member = self._members.get(connection)
            return {} if member is None else self._reached(member)

    def channels(self, connection: Listener) -> set[str]:
        """The channels that *connection* is on, or about to enter."""
        with self._lock:
            member = self._members.get(connection)
            return set() if member is None else {*member.positions, *member.coming}

    # Subscriptions of one connection.

    def mark_subscribed(self, connection: Listener) -> bool:
        """Note that *connection* has its first subscriptions; True if they changed meanwhile."""
        with self._lock:
            member = self._members.get(connection)
            if member is None:
                return False
            member.is_subscribed = True
            was_stale, member.is_stale = member.is_stale, False
            return was_stale

    def mark_stale(self, digest: str) -> None:
        """Note for those of a client's connections that have yet to have their first subscriptions
        that these may have changed."""
        with self._lock:
            for connection in self._members.connections(digest):
                member = self._members.get(connection)
                if member is not None and not member.is_subscribed:
                    member.is_stale = True

    def is_ready(self, connection: Listener) -> bool:
        """Whether it has its first subscriptions, and has not ended since."""
        with self._lock:
            member = self._members.get(connection)
            return member is not None and member.is_subscribed

    def is_stale(self, connection: Listener) -> bool:
        """Whether its subscriptions may have changed since it came."""
        with self._lock:
            member = self._members.get(connection)
            return member is not None and member.is_stale

    def note(self, connection: Listener, subscriptions: Subscriptions) -> None:
        """Note what *connection* is brought to of its client's subscriptions."""
        with self._lock:
            member = self._members.get(connection)
            if member is not None:
                member.known = member.known.joined(subscriptions)

    def noted(self, connection: Listener) -> Known:
        """What was noted last."""
        with self._lock:
            member = self._members.get(connection)
            return NOTHING if member is None else member.known

    def invite(self, connection: Listener, starts: Mapping[str, Position]) -> None:
        """Let *connection* enter channels when it comes to it, each behind a position. To
        :meth:`leave` one takes the invitation back."""
        with self._lock:
            member = self._members.get(connection)
            if member is not None:
                begins = {name: member.begins(name, at) for name, at in starts.items()}
                member.coming.update(begins)

    def enter(self, connection: Listener) -> dict[str, Position]:
        """Put *connection* on the channels that it was invited to.

        Returns those that are new to it, and where it begins. A channel that is new to the process
        stands still until it has been read; the connection hears each live after :meth:`step`
        says so.
        """
        new: dict[str, Position] = {}
        with self._lock:
            member = self._members.get(connection)
            if member is None:
                return new
            for name, position in member.coming.items():
                if name in member.positions:
                    continue
                new[name] = member.positions[name] = position
                channel = self._channels.get(name)
                if channel is None:
                    channel = self._channels[name] = LocalChannel(name)
                channel.users += 1
            member.coming.clear()
        return new

    def leave(self, connection: Listener, names: Iterable[str]) -> None:
        """Take *connection* off channels."""
        with self._lock:
            member = self._members.get(connection)
            if member is None:
                return
            for name in names:
                member.coming.pop(name, None)
                if name in member.positions:
                    member.note_left(name, self._at(member, name))
                    del member.positions[name]
                    self._leave(connection, name)

    def step(self, connection: Listener, name: str, position: Position) -> list[Frame] | None:
        """Bring *connection*, which has all up to *position*, one step nearer to the tail.

        Returns the frames to send it next; none: it stands at the tail and hears the channel live
        from now on, or has left it; None: its next messages have to be read from the log.
        """
        with self._lock:
            member = self._members.get(connection)
            if member is None or name not in member.positions:
                return []
            channel = self._channels[name]
            frames = channel.after(position)
            if frames is not None and not frames:
                member.positions[name] = None
                channel.join(connection)
            return frames

    def move(self, connection: Listener, name: str, position: Position) -> None:
        """Count all up to *position* as posted to *connection*, which is catching up.

        Said before it is taken: what is not, the connection knows when it closes.
        """
        with self._lock:
            member = self._members.get(connection)
            if member is not None and member.positions.get(name) is not None:
                member.positions[name] = position

    def sweep(self) -> None:
        """Stop hearing channels that have had no listener for a while."""
        now = time.monotonic()
        with self._lock:
            idle = [
                name
                for name, channel in self._channels.items()
                if not channel.users and now - channel.idle_since > IDLE_SECONDS
            ]
            for name in idle:
                del self._channels[name]
        if idle:
            self._ignore(idle)
            # One that was entered again meanwhile made its channel anew and may have been
            # confirmed before the line above took it away.
            self._delivery.ask_to_read(self._delivery.pause(idle))

    def _reached(self, member: Member) -> dict[str, Position]:
        reached = dict(member.coming)
        for name in member.positions:
            at = self._at(member, name)
            if at is not None:
                reached[name] = at
        return reached

    def _at(self, member: Member, name: str) -> Position | None:
        return member.positions[name] or self._channels[name].tail

    def _leave(self, connection: Listener, name: str) -> None:
        channel = self._channels.get(name)
        if channel is not None:
            channel.leave(connection)
            channel.users -= 1
            if not channel.users:
                channel.idle_since = time.monotonic()
