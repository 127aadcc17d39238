"""What is published, to those of this process who listen."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable

from .frames import Frame, lost_frame, push_frame
from .hub_channel import HubChannel
from .positions import Position
from .protocol import Publication
from .standing import Listener

logger = logging.getLogger(__name__)

# A delivery never blocks: who has to wait for one waits no longer than it takes to be scheduled.
SENDING_SECONDS = 0.001


class Delivery:
    """Delivers the registry's publications to the listeners of each channel: in order, without a
    hole, each once.

    :param recover: has channels read in the background, which stand still until then.
    """

    def __init__(self, recover: Callable[[Collection[str]], None]) -> None:
        self._recover = recover
        #: Held by the hub too, while it changes who listens.
        self.lock = threading.Lock()
        #: By name, what this process hears; within the lock.
        self.channels: dict[str, HubChannel] = {}

    def names(self) -> list[str]:
        """The channels that this process hears."""
        with self.lock:
            return list(self.channels)

    def covers(self, name: str, position: Position) -> bool:
        """Whether one who is at *position* misses nothing that this process does not have."""
        with self.lock:
            channel = self.channels.get(name)
            return channel is not None and channel.after(position) is not None

    def tail(self, name: str) -> Position | None:
        """How far the channel has been delivered here."""
        with self.lock:
            channel = self.channels.get(name)
            return None if channel is None else channel.tail

    def deliver(self, publication: Publication) -> None:
        """Hand *publication* to the channel's listeners, if it is the next; read the log if not."""
        if publication.channel not in self.channels:
            return
        frame = push_frame(publication)
        with self.lock:
            channel = self.channels.get(publication.channel)
            if channel is None or channel.is_repeat(publication):
                return
            has_hole = not channel.is_paused and not channel.follows(publication)
            if channel.is_paused or has_hole:
                channel.is_paused = True
                channel.wait(frame)
                listeners: tuple[Listener, ...] = ()
            else:
                listeners = channel.advance(frame)
                channel.is_sending = True
        if has_hole:
            logger.warning(
                "Hole in channel %r before %s; reading its log.",
                publication.channel,
                publication.position,
            )
            self._recover([publication.channel])
        try:
            _send(frame, publication.to, listeners)
        finally:
            channel.is_sending = False

    # While channels stand still.

    def pause(self, names: Collection[str] | None = None) -> list[str]:
        """Deliver nothing live on *names*, or on any channel, until each has been read."""
        with self.lock:
            chosen = [name for name in (names or self.channels) if name in self.channels]
            for name in chosen:
                self.channels[name].is_paused = True
            return chosen

    def paused(self, names: Collection[str]) -> list[str]:
        """Those of *names* that stand still."""
        with self.lock:
            return [one.name for one in self._paused(names)]

    def ask_to_read(self, names: Collection[str]) -> None:
        """Have those of *names* read in the background that stand still."""
        paused = self.paused(names)
        if paused:
            self._recover(paused)

    def begin_reading(self, names: Collection[str]) -> dict[str, Position | None]:
        """Where the paused ones among *names* stand; what comes from now on waits for its turn.

        Called by one thread at a time for each channel, which then calls :meth:`catch_up`.
        """
        with self.lock:
            return {one.name: one.begin_reading() for one in self._paused(names)}

    def catch_up(
        self, name: str, publications: Iterable[Publication], tail: Position, lost: bool
    ) -> bool:
        """Deliver what a paused channel's log had, and what came meanwhile; True once it has
        reached *tail* and goes on live."""
        with self.lock:
            channel = self.channels.get(name)
        if channel is None:
            return True
        # Whoever paused the channel may have done so between the last advance and its sending.
        while channel.is_sending:
            time.sleep(SENDING_SECONDS)
        with self.lock:
            listeners = channel.restart(tail) if lost or channel.tail is None else ()
        if lost:
            _send(lost_frame(name, tail), None, listeners)
        for publication in publications:
            self._catch_up_with(channel, push_frame(publication))
        while True:
            with self.lock:
                waiting = channel.next_waiting()
                if waiting is None:
                    return channel.resume(tail)
            self._catch_up_with(channel, waiting)

    def _paused(self, names: Collection[str]) -> list[HubChannel]:
        chosen = [self.channels[name] for name in names if name in self.channels]
        return [one for one in chosen if one.is_paused]

    def _catch_up_with(self, channel: HubChannel, frame: Frame) -> None:
        publication = frame.publication
        assert publication is not None
        with self.lock:
            if not channel.follows(publication):
                return
            listeners = channel.advance(frame)
        _send(frame, publication.to, listeners)


def _send(frame: Frame, to: str | None, listeners: tuple[Listener, ...]) -> None:
    if to is None:
        for connection in listeners:
            connection.send(frame)
        return
    for connection in listeners:
        if connection.digest == to:
            connection.send(frame)
