"""What is published, to those of this process who listen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..writing.frames import Frame, lost_frame, push_frame
from .channel import LocalChannel

logger = logging.getLogger(__name__)


class Delivery:
    """Delivers the registry's publications to the listeners of each channel: in order, without a
    hole, each once.

    :param recover: has channels read in the background, which stand still until then.
    :param post: has a frame written from outboxes, behind what was posted before. Called with the
        lock held, so that nobody comes between a channel's order and its posting, and whoever
        leaves knows of all that was posted to it: it neither blocks nor calls back.
    """

    def __init__(
        self,
        recover: Callable[[Collection[str]], None],
        post: Callable[[Frame, Sequence[Any]], None],
    ) -> None:
        self._recover = recover
        self._post = post
        #: Held by the hub too, while it changes who listens.
        self.lock = threading.Lock()
        #: By name, what this process hears; within the lock.
        self.channels: dict[str, LocalChannel] = {}

    def names(self) -> list[str]:
        """The channels that this process hears."""
        with self.lock:
            return list(self.channels)

    def is_heard(self, name: str) -> bool:
        """Return whether a connection of this process is on the channel *name*."""
        with self.lock:
            channel = self.channels.get(name)
            return channel is not None and channel.users > 0

    def is_live_at(self, name: str, position: Position) -> bool:
        """Whether the channel is heard here, and one who is at *position* has all of it."""
        with self.lock:
            channel = self.channels.get(name)
            return channel is not None and not channel.is_paused and channel.tail == position

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
        if publication.is_ephemeral:
            self._pass_on(frame, publication)
            return
        with self.lock:
            channel = self.channels.get(publication.channel)
            if channel is None or channel.is_repeat(publication):
                return
            has_hole = not channel.is_paused and not channel.follows(publication)
            if channel.is_paused or has_hole:
                channel.is_paused = True
                channel.wait(frame)
            else:
                self._advance(channel, frame)
        if has_hole:
            logger.warning(
                "Hole in channel %r before %s; reading its log.",
                publication.channel,
                publication.position,
            )
            self._recover([publication.channel])

    def _pass_on(self, frame: Frame, publication: Publication) -> None:
        """Hand on what has no place in the log, but for those who are behind with what has."""
        with self.lock:
            channel = self.channels.get(publication.channel)
            if channel is not None:
                chosen = channel.outboxes(publication.route)
                self._post(frame, [one for one in chosen if not one.has_backlog])

    # For those who come.

    def covers(self, name: str, position: Position) -> bool:
        """Whether one who is at *position* misses nothing that this process does not have."""
        with self.lock:
            channel = self.channels.get(name)
            return channel is not None and channel.after(position) is not None

    def is_behind(self, name: str, position: Position) -> bool:
        """Whether *position* is one of the same log's, before what has been delivered here."""
        with self.lock:
            channel = self.channels.get(name)
            return channel is not None and channel.is_behind(position)

    def tail_if_gone(self, name: str, position: Position) -> Position | None:
        """How far the channel has been delivered here, if it is known that its log no longer
        reaches back to *position*."""
        with self.lock:
            channel = self.channels.get(name)
            return None if channel is None or not channel.is_gone(position) else channel.tail

    def note_gone(self, name: str, position: Position) -> None:
        """Note that the log does not reach back to *position*."""
        with self.lock:
            channel = self.channels.get(name)
            if channel is not None:
                channel.note_gone(position)

    def extend(self, name: str, publications: Sequence[Publication]) -> bool:
        """Keep *publications* for those who come, if they lead up to what is kept already."""
        with self.lock:
            channel = self.channels.get(name)
            leading = [] if channel is None else channel.leading(publications)
        frames = [push_frame(one) for one in leading]
        with self.lock:
            return channel is not None and channel.extend(frames)

    def shrink(self) -> None:
        """Let go of what nobody has come for in a while."""
        with self.lock:
            for channel in self.channels.values():
                channel.shrink()

    # While channels stand still.

    def pause(self, names: Collection[str] | None = None) -> list[str]:
        """Deliver nothing live on *names*, or on any channel, until each has been read."""
        with self.lock:
            wanted = self.channels if names is None else names
            chosen = [name for name in wanted if name in self.channels]
            for name in chosen:
                self.channels[name].pause()
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
            self._begin_again(channel, tail, lost)
        for publication in publications:
            self._catch_up_with(channel, push_frame(publication))
        while True:
            with self.lock:
                waiting = channel.next_waiting()
                if waiting is None:
                    return channel.resume(tail)
            self._catch_up_with(channel, waiting)

    def _paused(self, names: Collection[str]) -> list[LocalChannel]:
        chosen = [self.channels[name] for name in names if name in self.channels]
        return [one for one in chosen if one.is_paused]

    def _begin_again(self, channel: LocalChannel, tail: Position, lost: bool) -> None:
        if lost:
            frame = lost_frame(channel.name, tail, channel.tail)
            self._post(frame, channel.restart(tail))
        elif channel.tail is None:
            channel.restart(tail)

    def _catch_up_with(self, channel: LocalChannel, frame: Frame) -> None:
        assert frame.publication is not None
        with self.lock:
            if channel.follows(frame.publication):
                self._advance(channel, frame)

    def _advance(self, channel: LocalChannel, frame: Frame) -> None:
        outboxes = channel.advance(frame)
        if outboxes:
            self._post(frame, outboxes)
