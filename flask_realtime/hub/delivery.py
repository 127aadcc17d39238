"""Delivers what is published to the connections of this process that listen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..threads import clock
from ..threads.pause import let_others_run
from ..writing.frames import Frame, lost_frame, push_frame
from .channel import FRAMES_AT_ONCE, LocalChannel
from .channels import Channels

logger = logging.getLogger(__name__)

# How many bytes an entry of a log takes in memory besides its text, as publication and frame.
ENTRY_BYTES = 512
# Seconds between two warnings about holes: anyone who can publish in Redis could cause any number.
SECONDS_BETWEEN_WARNINGS = 60.0


class Delivery:
    """Delivers to each channel's listeners: in order, without a hole, each publication once.

    :param channels: the channels that are heard here, shared with the hub.
    :param recover: has the logs of paused channels read in the background.
    :param post: writes a frame to outboxes, after what was posted before. It is called with the
        lock held, so it must neither block nor call back. The lock keeps a channel's order, and a
        connection that leaves a channel learns under it what was posted so far.
    :param spread: takes a channel and the number of its listeners; returns over how many
        milliseconds the listeners shall spread the requests that a refresh causes.
    """

    def __init__(
        self,
        channels: Channels,
        recover: Callable[[Collection[str]], None],
        post: Callable[[Frame, Sequence[Any]], None],
        spread: Callable[[str, int], int] = lambda _name, _listeners: 0,
    ) -> None:
        self._channels = channels
        self._lock = channels.lock
        self._recover = recover
        self._post = post
        self._spread = spread
        self._warned_at = float("-inf")

    def names(self) -> list[str]:
        """Return the names of the channels that this process hears."""
        with self._lock:
            return self._channels.names()

    def take_new(self) -> list[str]:
        """Return the names of the channels that went live here since the last call.

        Channels that were paused because Redis was not heard count as new.
        """
        with self._lock:
            return self._channels.take_new()

    def is_heard(self, name: str) -> bool:
        """Return whether a connection of this process is on the channel."""
        with self._lock:
            channel = self._channels.get(name)
            return channel is not None and channel.users > 0

    def is_live_at(self, name: str, position: Position) -> bool:
        """Return whether the channel is live here, and *position* is its tail."""
        with self._lock:
            channel = self._channels.get(name)
            return channel is not None and not channel.is_paused and channel.tail == position

    def live_tails(self, names: Collection[str]) -> dict[str, Position]:
        """Return the positions up to which live channels have been delivered here."""
        with self._lock:
            return {
                channel.name: channel.tail
                for channel in self._channels.known(names)
                if channel.tail is not None and not channel.is_paused
            }

    def tail(self, name: str) -> Position | None:
        """Return how far the channel has been delivered here; None if that is not known."""
        with self._lock:
            channel = self._channels.get(name)
            return None if channel is None else channel.tail

    def deliver(self, publication: Publication) -> None:
        """Post *publication* to the channel's listeners if it is the next one.

        A repeat is dropped. If something is missing before it, the channel is paused and its log
        read in the background.
        """
        if not self._channels.is_known(publication.channel):
            return
        frame = self.frame(publication)
        if publication.is_ephemeral:
            self._pass_on(frame, publication)
            return
        with self._lock:
            channel = self._channels.get(publication.channel)
            if channel is None or channel.is_repeat(publication):
                return
            has_hole = not channel.is_paused and not channel.follows(publication)
            if channel.is_paused or has_hole:
                channel.wait(frame)
            else:
                self._advance(channel, frame)
        if has_hole:
            self._tell_of_hole(publication)
            self._recover([publication.channel])

    def frame(self, publication: Publication) -> Frame:
        """Return the frame that the listeners of this process get for *publication*."""
        if publication.route.kind != "refresh":
            return push_frame(publication)
        channel = self._channels.get(publication.channel)
        listeners = 0 if channel is None else channel.users
        return push_frame(publication, self._spread(publication.channel, listeners))

    def _pass_on(self, frame: Frame, publication: Publication) -> None:
        """Post a publication that is in no log to the listeners that have no backlog."""
        with self._lock:
            channel = self._channels.get(publication.channel)
            if channel is not None:
                outboxes = self._channels.outboxes(channel, publication.route)
                present = [one for one in outboxes if not one.has_backlog]
                # Whoever has left is on the channel only for what was pushed before.
                if gone := self._channels.paused_leaves.outboxes(channel.name):
                    present = [one for one in present if one not in gone]
                self._post(frame, present)

    # For connections that catch up.

    def covers(self, name: str, position: Position) -> bool:
        """Return whether all that follows *position* in the channel is kept here."""
        with self._lock:
            channel = self._channels.get(name)
            return channel is not None and channel.covers(position)

    def is_behind(self, name: str, position: Position) -> bool:
        """Return whether *position* belongs to the log that is heard here, before its tail."""
        with self._lock:
            channel = self._channels.get(name)
            return channel is not None and channel.is_behind(position)

    def distance(self, name: str, position: Position) -> int:
        """Return how many entries are missing between *position* and what is kept here."""
        with self._lock:
            channel = self._channels.get(name)
            return 0 if channel is None else channel.distance(position)

    def tail_if_gone(self, name: str, position: Position) -> Position | None:
        """Return the tail of the channel, if its log is known not to reach back to *position*."""
        with self._lock:
            channel = self._channels.get(name)
            return None if channel is None or not channel.is_gone(position) else channel.tail

    def note_gone(self, name: str, position: Position) -> None:
        """Note that the channel's log does not reach back to *position*."""
        with self._lock:
            channel = self._channels.get(name)
            if channel is not None:
                channel.note_gone(position)

    def extend(self, name: str, publications: Sequence[Publication]) -> bool:
        """Keep *publications* for other connections that come back.

        :param publications: consecutive entries of the channel's log.
        :returns: whether they are kept. False if there is a gap between them and what is kept
            already, which takes constant time, or if this process keeps as much as it may.
        """
        with self._lock:
            channel = self._channels.get(name)
            leading = () if channel is None else channel.leading(publications)
        if channel is None or not leading:
            return False
        frames: list[Frame] = []
        for one in leading:
            frames.append(self.frame(one))
            if len(frames) % FRAMES_AT_ONCE == 0:
                let_others_run()
        size = sum([len(frame.plain) + ENTRY_BYTES for frame in frames])
        with self._lock:
            return self._channels.extend(channel, frames, size)

    def shrink(self) -> None:
        """Drop what was kept for connections that came back, once it is old enough."""
        with self._lock:
            names = self._channels.extended_for_long()
        for name in names:
            with self._lock:
                dropped = self._channels.shrink(name)
            # Outside of the lock: thousands of frames take milliseconds to be freed.
            dropped.clear()
            let_others_run()

    # While channels are paused.

    def pause(self, names: Collection[str] | None = None) -> list[str]:
        """Deliver nothing live until the channels' logs have been read.

        :param names: the channels; None: all channels, of which the registry may have lost some.
        :returns: the names of those of the channels that this process hears, all of which are
            paused then.
        """
        with self._lock:
            if names is None:
                self._channels.renew()
            paused = self._channels.known(self._channels.names() if names is None else names)
            for channel in paused:
                channel.pause()
            return [channel.name for channel in paused]

    def paused(self, names: Collection[str]) -> list[str]:
        """Return those of *names* that are paused."""
        with self._lock:
            return [one.name for one in self._channels.paused(names)]

    def ask_to_read(self, names: Collection[str]) -> None:
        """Have the logs of those of *names* that are paused read in the background."""
        paused = self.paused(names)
        if paused:
            self._recover(paused)

    def begin_reading(self, names: Collection[str]) -> dict[str, Position | None]:
        """Return the positions after which to read the logs of those of *names* that are paused.

        What is published from now on waits. Only one thread at a time may do this for a channel; it
        then calls :meth:`resume_from_log`.
        """
        with self._lock:
            paused = self._channels.paused(names)
            return {channel.name: channel.begin_reading() for channel in paused}

    def resume_from_log(
        self, name: str, publications: Iterable[Publication], tail: Position, lost: bool
    ) -> bool:
        """Deliver what was read of a paused channel's log, and what was published meanwhile.

        :param publications: the entries that were read.
        :param tail: the position of the log's last entry when it was read.
        :param lost: whether the log did not reach back any more; the listeners are told so.
        :returns: whether the channel has reached *tail* and goes on live.
        """
        with self._lock:
            channel = self._channels.get(name)
            if channel is None:
                return True
            self._restart(channel, tail, lost)
        for index, publication in enumerate(publications, 1):
            self._replay(channel, self.frame(publication))
            if index % FRAMES_AT_ONCE == 0:
                let_others_run()
        while True:
            with self._lock:
                waiting = channel.next_waiting()
                if waiting is None:
                    is_live = channel.resume(tail)
                    if is_live:
                        self._channels.let_leave(channel)
                    return is_live
            self._replay(channel, waiting)

    def _restart(self, channel: LocalChannel, tail: Position, lost: bool) -> None:
        before = channel.tail
        if lost or before is None:
            channel.restart(tail)
        if lost:
            self._channels.let_leave(channel)
            self._post(lost_frame(channel.name, tail, before), channel.outboxes())

    def _replay(self, channel: LocalChannel, frame: Frame) -> None:
        assert frame.publication is not None
        with self._lock:
            if channel.follows(frame.publication):
                self._advance(channel, frame)

    def _advance(self, channel: LocalChannel, frame: Frame) -> None:
        assert frame.publication is not None
        self._channels.let_leave(channel, frame.publication)
        channel.advance(frame)
        outboxes = self._channels.outboxes(channel, frame.publication.route)
        if outboxes:
            self._post(frame, outboxes)

    def _tell_of_hole(self, publication: Publication) -> None:
        now = clock.monotonic()
        is_due = now - self._warned_at > SECONDS_BETWEEN_WARNINGS
        if is_due:
            self._warned_at = now
        logger.log(
            logging.WARNING if is_due else logging.DEBUG,
            "Messages of channel %r before %s are missing; reading its log.",
            publication.channel,
            publication.position,
        )
