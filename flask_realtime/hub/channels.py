"""All channels that this process hears, and its connections, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from itertools import takewhile
from typing import Any

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..protocol.routes import Route
from ..threads import clock
from ..writing.frames import Frame
from .channel import LocalChannel
from .members import Listener, Member, Members
from .paused_leaves import PausedLeaves

# For how many seconds older parts of logs are kept for connections that come back together.
EXTENDED_SECONDS = 10.0
# How many bytes of such older parts are kept, in all channels together.
MOST_EXTENDED_BYTES = 32 * 1024 * 1024


class Channels:
    """The table that the hub and the delivery share, and the lock under which both work on it.

    The hub changes who is on which channel, the delivery hands out what is published. With one
    lock a message goes to exactly those who were on its channel when it had its turn. The caller
    of a method holds :attr:`lock`, except for :meth:`is_known`.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.members = Members()
        #: Who leaves paused channels, and where.
        self.paused_leaves = PausedLeaves()
        self._by_name: dict[str, LocalChannel] = {}
        #: Returns the channel of a name; None if this process does not hear it. The table's own
        #: method, since a handshake asks several times, and a function around it costs as much.
        self.get: Callable[[str], LocalChannel | None] = self._by_name.get
        # For each channel without a connection, since when; the oldest is the first, so that
        # nobody has to look at all channels.
        self._idle: dict[str, float] = {}
        # For each channel that keeps more than usual, since when, and how many bytes.
        self._extended: dict[str, tuple[float, int]] = {}
        self._extended_bytes = 0
        # The channels that this process has begun to hear, or paused, since the last take_new().
        self._new: list[str] = []

    def is_known(self, name: str) -> bool:
        """Return whether this process hears the channel; needs no lock."""
        return name in self._by_name

    def names(self) -> list[str]:
        """Return the names of all channels that this process hears."""
        return list(self._by_name)

    def known(self, names: Collection[str]) -> list[LocalChannel]:
        """Return the channels, of *names*, that this process hears."""
        return [self._by_name[name] for name in names if name in self._by_name]

    def paused(self, names: Collection[str]) -> list[LocalChannel]:
        """Return the channels, of *names*, that wait for their logs to be read."""
        return [one for one in self.known(names) if one.is_paused]

    def take_new(self) -> list[str]:
        """Return the names of the channels that went live here since the last call.

        The registry may not know a channel whose log is yet to be read.
        """
        heard = self.known(self._new)
        self._new = [one.name for one in heard if one.is_paused]
        return [one.name for one in heard if not one.is_paused]

    def renew(self) -> None:
        """Count all channels as new."""
        self._new = self.names()

    # Who is on them.

    def enter(self, name: str) -> None:
        """Note one more connection on the channel, which is made if it is not heard here yet."""
        channel = self._by_name.get(name)
        if channel is None:
            channel = self._by_name[name] = LocalChannel(name)
            self._new.append(name)
        channel.users += 1
        self._idle.pop(name, None)

    def leave(self, name: str, connection: Listener) -> None:
        """Note that *connection* has left the channel, which it had entered."""
        channel = self._by_name[name]
        channel.leave(connection)
        channel.users -= 1
        if not channel.users:
            self._idle[name] = clock.monotonic()
        self.paused_leaves.forget(name, connection)

    def at(self, member: Member, name: str) -> Position | None:
        """Return the position up to which a connection on the channel was sent."""
        channel = self._by_name.get(name)
        return member.positions[name] or (None if channel is None else channel.tail)

    def take_off(self, name: str, connection: Listener, member: Member) -> None:
        """Take *connection* off the channel, which it had entered."""
        member.note_left(name, self.at(member, name))
        del member.positions[name]
        self.leave(name, connection)

    def let_leave(self, channel: LocalChannel, publication: Publication | None = None) -> None:
        """Take off those that were to leave the paused channel before it comes so far.

        :param publication: what comes next; None: the channel pauses no longer.
        """
        # Nearly always: this is called for each publication.
        if not self.paused_leaves.waiting:
            return
        reached = None if publication is None else publication.before
        for connection in self.paused_leaves.due(channel.name, reached):
            member = self.members.get(connection)
            if member is not None:
                self.take_off(channel.name, connection, member)
                connection.tell_left([channel.name])

    def pop_idle(self, seconds: float) -> list[str]:
        """Forget the channels on which no connection has been for *seconds*; return their names."""
        until = clock.monotonic() - seconds
        idle = list(takewhile(lambda name: self._idle[name] <= until, self._idle))
        for name in idle:
            self._forget_extension(name)
            del self._by_name[name], self._idle[name]
        return idle

    def outboxes(self, channel: LocalChannel, route: Route) -> tuple[Any, ...]:
        """Return the outboxes of the channel's live listeners that a message is for."""
        if route.to:
            listeners = self.members.connections(route.to)
            return tuple([one.outbox for one in listeners if channel.has_listener(one)])
        if not route.but_for:
            return channel.outboxes()
        found = (self.members.connections(digest) for digest in route.excepted)
        excepted = {one.outbox for connections in found for one in connections}
        return tuple([one for one in channel.outboxes() if one not in excepted])

    # What they keep for connections that come back.

    def extend(self, channel: LocalChannel, frames: list[Frame], size: int) -> bool:
        """Keep *frames* for a while, if there is no gap between them and what the channel keeps.

        :param size: how many bytes the frames take in memory.
        :returns: whether they are kept: False also if all channels together keep too much.
        """
        if self._extended_bytes + size > MOST_EXTENDED_BYTES or not channel.extend(frames):
            return False
        size += self._forget_extension(channel.name)
        self._extended[channel.name] = clock.monotonic(), size
        self._extended_bytes += size
        return True

    def extended_for_long(self) -> list[str]:
        """Return the names of the channels that have kept more than usual for long enough."""
        until = clock.monotonic() - EXTENDED_SECONDS
        return list(takewhile(lambda name: self._extended[name][0] <= until, self._extended))

    def shrink(self, name: str) -> list[Frame | None]:
        """Drop frames of the channel down to the usual limits; return those that were dropped."""
        self._forget_extension(name)
        channel = self._by_name.get(name)
        return [] if channel is None else channel.shrink()

    def _forget_extension(self, name: str) -> int:
        _, size = self._extended.pop(name, (0.0, 0))
        self._extended_bytes -= size
        return size
