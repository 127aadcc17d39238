"""The process's switchboard: which of its connections listen to which channel."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping

from .frames import Frame, lost_frame, push_frame
from .hub_channel import HubChannel
from .positions import Position
from .protocol import Publication
from .standing import Listener, Standing, Standings

logger = logging.getLogger(__name__)

# A page navigation closes a socket and opens the next within moments; a channel that waits this
# long for its next listener costs neither an UNSUBSCRIBE nor another read of its log.
IDLE_SECONDS = 10.0


class Hub:
    """Delivers the registry's publications to this process's connections: in order, without a
    hole, each once.

    :param listen: has this process hear channels (the registry's).
    :param ignore: the contrary.
    :param pause_noticed: told the names of channels that stand still until they have been read.
    """

    def __init__(
        self,
        listen: Callable[[Collection[str]], None],
        ignore: Callable[[Collection[str]], None],
        pause_noticed: Callable[[Collection[str]], None],
    ) -> None:
        self._listen = listen
        self._ignore = ignore
        self._pause_noticed = pause_noticed
        self._lock = threading.Lock()
        self._channels: dict[str, HubChannel] = {}
        self._standings = Standings()

    # Connections.

    def add(self, connection: Listener) -> None:
        """Know *connection*, which hears nothing yet."""
        with self._lock:
            self._standings.add(connection)

    def remove(self, connection: Listener) -> dict[str, Position]:
        """Forget *connection*; return how far each of its channels had been handed to it."""
        with self._lock:
            standing = self._standings.pop(connection)
            if standing is None:
                return {}
            reached = self._reached(standing)
            for name in standing.positions:
                self._leave(connection, name)
            return reached

    def connections(self, digest: str | None = None, session: str | None = None) -> list[Listener]:
        """The connections of a client, else of a session, else all."""
        with self._lock:
            chosen = self._standings.connections(digest)
        return [one for one in chosen if session is None or one.session_digest == session]

    def digests(self) -> list[str]:
        """The clients that have a connection here."""
        with self._lock:
            return self._standings.digests()

    def names(self) -> list[str]:
        """The channels that this process hears."""
        with self._lock:
            return list(self._channels)

    def reached(self, connection: Listener) -> dict[str, Position]:
        """By channel, how far its messages have been handed to *connection*."""
        with self._lock:
            standing = self._standings.get(connection)
            return {} if standing is None else self._reached(standing)

    # Subscriptions of one connection.

    def mark_subscribed(self, connection: Listener) -> bool:
        """Note that *connection* has its first subscriptions; True if they changed meanwhile."""
        with self._lock:
            standing = self._standings.get(connection)
            if standing is None:
                return False
            standing.is_subscribed = True
            return standing.is_stale

    def is_ready(self, connection: Listener) -> bool:
        """Whether a change of its subscriptions can be applied now; else it is noted for later."""
        with self._lock:
            standing = self._standings.get(connection)
            if standing is not None and not standing.is_subscribed:
                standing.is_stale = True
            return standing is not None and standing.is_subscribed

    def enter(self, connection: Listener, starts: Mapping[str, Position]) -> dict[str, Position]:
        """Put *connection* on channels, each at a position behind which it has heard nothing.

        Returns those that are new to it. They are heard in this process when this returns; the
        connection itself hears each live after :meth:`step` says so.

        :raises RegistryUnavailable: if a channel cannot be listened to.
        """
        new: dict[str, Position] = {}
        with self._lock:
            standing = self._standings.get(connection)
            if standing is None:
                return new
            for name, position in starts.items():
                if name in standing.positions:
                    continue
                new[name] = standing.positions[name] = position
                channel = self._channels.get(name)
                if channel is None:
                    channel = self._channels[name] = HubChannel(name)
                channel.users += 1
        if new:
            self._listen(list(new))
        return new

    def leave(self, connection: Listener, names: Iterable[str]) -> None:
        """Take *connection* off channels."""
        with self._lock:
            standing = self._standings.get(connection)
            for name in names:
                if standing is not None and name in standing.positions:
                    del standing.positions[name]
                    self._leave(connection, name)

    def covers(self, name: str, position: Position) -> bool:
        """Whether one who is at *position* misses nothing that this process does not have."""
        with self._lock:
            channel = self._channels.get(name)
            return channel is not None and channel.after(position) is not None

    def tail(self, name: str) -> Position | None:
        """How far the channel has been delivered here."""
        with self._lock:
            channel = self._channels.get(name)
            return None if channel is None else channel.tail

    def step(self, connection: Listener, name: str, position: Position) -> list[Frame] | None:
        """Bring *connection*, which has all up to *position*, one step nearer to the tail.

        Returns the frames to send it next; none: it stands at the tail and hears the channel live
        from now on, or has left it; None: its next messages have to be read from the log.
        """
        with self._lock:
            standing = self._standings.get(connection)
            if standing is None or name not in standing.positions:
                return []
            channel = self._channels[name]
            frames = channel.after(position)
            if frames is not None and not frames:
                standing.positions[name] = None
                channel.join(connection)
            else:
                standing.positions[name] = position
            return frames

    # Publications.

    def deliver(self, publication: Publication) -> None:
        """Hand *publication* to the channel's listeners, if it is the next; read the log if not."""
        if publication.channel not in self._channels:
            return
        frame = push_frame(publication)
        with self._lock:
            channel = self._channels.get(publication.channel)
            if channel is None or channel.is_repeat(publication):
                return
            has_hole = not channel.is_paused and not channel.follows(publication)
            if channel.is_paused or has_hole:
                channel.is_paused = True
                channel.wait(frame)
                listeners: tuple[Listener, ...] = ()
            else:
                listeners = channel.advance(frame)
        if has_hole:
            logger.warning(
                "Hole in channel %r before %s; reading its log.",
                publication.channel,
                publication.position,
            )
            self._pause_noticed([publication.channel])
        self._send(frame, publication.to, listeners)

    def pause(self, names: Collection[str] | None = None) -> list[str]:
        """Deliver nothing live on *names*, or on any channel, until each has been read."""
        with self._lock:
            chosen = [name for name in (names or self._channels) if name in self._channels]
            for name in chosen:
                self._channels[name].is_paused = True
            return chosen

    def paused(self, names: Collection[str]) -> list[str]:
        """Those of *names* that stand still."""
        with self._lock:
            return [
                name for name in names if name in self._channels and self._channels[name].is_paused
            ]

    def begin_reading(self, names: Collection[str]) -> dict[str, Position | None]:
        """Where the paused ones among *names* stand; what comes from now on waits for its turn.

        Called by one thread at a time for each channel, which then calls :meth:`catch_up`.
        """
        with self._lock:
            return {
                name: self._channels[name].begin_reading()
                for name in names
                if name in self._channels and self._channels[name].is_paused
            }

    def catch_up(
        self, name: str, publications: Iterable[Publication], tail: Position, lost: bool
    ) -> bool:
        """Deliver what a paused channel's log had, and what came meanwhile; True once it has
        reached *tail* and goes on live."""
        with self._lock:
            channel = self._channels.get(name)
            if channel is None:
                return True
            listeners = channel.restart(tail) if lost or channel.tail is None else ()
        if lost:
            self._send(lost_frame(name, tail), None, listeners)
        for publication in publications:
            self._catch_up_with(channel, push_frame(publication))
        while True:
            with self._lock:
                waiting = channel.next_waiting()
                if waiting is None:
                    return channel.resume(tail)
            self._catch_up_with(channel, waiting)

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
            with self._lock:
                again = [name for name in idle if name in self._channels]
            if again:
                self._listen(again)
                self.pause(again)
                self._pause_noticed(again)

    def _catch_up_with(self, channel: HubChannel, frame: Frame) -> None:
        publication = frame.publication
        assert publication is not None
        with self._lock:
            if not channel.follows(publication):
                return
            listeners = channel.advance(frame)
        self._send(frame, publication.to, listeners)

    def _send(self, frame: Frame, to: str | None, listeners: tuple[Listener, ...]) -> None:
        if to is None:
            for connection in listeners:
                connection.send(frame)
            return
        for connection in listeners:
            if connection.digest == to:
                connection.send(frame)

    def _reached(self, standing: Standing) -> dict[str, Position]:
        reached = {}
        for name, position in standing.positions.items():
            at = position or self._channels[name].tail
            if at is not None:
                reached[name] = at
        return reached

    def _leave(self, connection: Listener, name: str) -> None:
        channel = self._channels.get(name)
        if channel is not None:
            channel.leave(connection)
            channel.users -= 1
            if not channel.users:
                channel.idle_since = time.monotonic()
