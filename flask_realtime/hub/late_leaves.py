"""Has connections leave channels at the place where their pages have left them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..protocol.positions import Position
from ..registries.subscriptions import Subscriptions
from .channels import Channels
from .members import Listener, Member


class LateLeaves:
    """What a process does about leaves of which it reads, or is told, when they are over already.

    Those that wait until the log of a paused channel is read stand in :class:`.PausedLeaves`.

    :param channels: the channels that are heard here, shared with the hub.
    """

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def note(self, connection: Listener, left: Mapping[str, int]) -> None:
        """Note when the client of *connection* has left channels, until the subscriptions are read.

        Redis may have lost it by then, and have gone back to a snapshot.

        :param left: by channel, the time in ms by the registry's clock.
        """
        with self._channels.lock:
            member = self._channels.members.get(connection)
            if member is not None:
                member.known = member.known.without(left)

    def postpone(
        self, connection: Listener, names: Collection[str], subscriptions: Subscriptions
    ) -> set[str]:
        """Let *connection* leave channels that are paused once their logs are read so far.

        A connection that is catching up leaves at once, since it reads the log by itself.

        :param names: channels that the connection is on.
        :param subscriptions: the client's. They say where it left the channels, as far as that is
            known; else it leaves a channel as soon as that pauses no longer.
        :returns: the other channels, which it is to leave at once.
        """
        with self._channels.lock:
            return {name for name in names if not self._postpone(connection, name, subscriptions)}

    def hold(self, connection: Listener, names: Collection[str]) -> set[str]:
        """Let *connection* hear nothing more of those of *names* that are paused, unless the
        registry says in time where it left them: see :meth:`postpone`. Return these."""
        with self._channels.lock:
            held = {name for name in names if self._hold(connection, name)}
            member = self._channels.members.get(connection)
            if held and member is not None:
                # What was read before this may not bring the connection back once it is off.
                member.bar(held)
            return held

    def undone(self, connection: Listener, subscriptions: Subscriptions) -> set[str]:
        """Return the channels that *connection* is on, or is about to enter, and has left and come
        to again since.

        What was pushed in between is not for its page.

        :param subscriptions: the client's subscriptions, of which the hub has yet to be told.
        """
        with self._channels.lock:
            member = self._channels.members.get(connection)
            if member is None:
                return set()
            return {
                name
                for name, one in subscriptions.items()
                if self._is_leaving(connection, member, name)
                or (
                    member.known.moments.get(name, 0) < one.moment
                    and (at := self._at(member, name))
                    and at.is_before(one.begins)
                )
            }

    def _is_leaving(self, connection: Listener, member: Member, name: str) -> bool:
        # What bars has come since the reading began, which may not know of it.
        return name not in member.barred and self._channels.paused_leaves.has(connection, name)

    def _at(self, member: Member, name: str) -> Position | None:
        """Return how far a connection is on a channel, or where it is to begin."""
        if name in member.positions:
            return self._channels.at(member, name)
        return member.coming.get(name)

    def _postpone(self, connection: Listener, name: str, subscriptions: Subscriptions) -> bool:
        tail, end = self._paused_at(connection, name), subscriptions.ends.get(name)
        if tail is None or not (end is None or tail.is_before(end)):
            return False
        noted = self._channels.paused_leaves.place(connection, name)
        if noted is not None and tail.is_before(noted):
            # The first place of several stays, since a page that came again meanwhile, and left, is
            # not to hear what was pushed in between.
            return True
        begun = subscriptions.begun.get(name)
        if begun is not None and tail.is_before(begun):
            # It came again before it left there, and nobody knows where it had left before that.
            return False
        # Where nobody knows the place, that of hold() stays.
        if noted is None or end is not None:
            self._channels.paused_leaves.note(connection, name, end)
        return True

    def _hold(self, connection: Listener, name: str) -> bool:
        tail, waiting = self._paused_at(connection, name), self._channels.paused_leaves
        # Where it left before is known already, and it came again meanwhile.
        if tail is not None and waiting.place(connection, name) is None:
            waiting.note(connection, name, tail)
        return tail is not None

    def _paused_at(self, connection: Listener, name: str) -> Position | None:
        """Return the tail of a channel that is paused, and that *connection* hears."""
        channel = self._channels.get(name)
        if channel is None or not (channel.is_paused and channel.has_listener(connection)):
            return None
        return channel.tail
