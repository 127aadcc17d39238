"""Sends one connection what it missed of its channels, until it hears each of them live."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import starmap
from typing import Protocol

from ..errors import RegistryUnavailable
from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..registries.records import LogPage
from ..threads import clock
from ..writing.frames import Frame, lost_frame
from .channel import FRAMES_AT_ONCE
from .channel_catch_up import ChannelCatchUp
from .delivery import Delivery
from .hub import Hub
from .members import Listener
from .shared_reads import PAGE_BYTES, PATIENCE_SECONDS, Read, SharedReads

# Seconds between two looks at a channel whose log another thread reads.
LOOK_SECONDS = 0.01


# Called with the channels that have lost messages, and where the connection begins on each channel.
Report = Callable[[list[str], Mapping[str, Position]], None]


class Reader(Listener, Protocol):
    """A connection that is sent pages of a log."""

    @property
    def is_receptive(self) -> bool:
        """Whether the connection takes another page."""

    def queue(self, frames: Sequence[Frame]) -> None:
        """Send *frames* after what waits already; they do not count as backlog."""

    def wait_until_taken(self) -> None:
        """Wait until the peer has taken all frames that were queued."""


class Subscriber(Reader, Protocol):
    """A connection whose subscriptions change."""

    opened_at: float

    @property
    def name(self) -> str: ...

    def sent(self, reached: Mapping[str, Position]) -> dict[str, Position]: ...


class ConnectionCatchUp:
    """Brings a connection onto channels without missing or repeating anything.

    A connection holds one page of one log at a time, and each message of the page once: as entry
    until its frame is made, and then as frame.

    :param read: the registry's reader, for positions that a client named.
    """

    def __init__(
        self, hub: Hub, delivery: Delivery, channel_catch_up: ChannelCatchUp, read: Read
    ) -> None:
        self._hub = hub
        self._delivery = delivery
        self._channel_catch_up = channel_catch_up
        self._shared_reads = SharedReads(delivery, read)
        self._read = read

    def is_done(self, starts: Mapping[str, Position]) -> bool:
        """Return whether a connection that begins at *starts* has nothing to wait for."""
        return all(starmap(self._delivery.is_live_at, starts.items()))

    def run(
        self,
        connection: Reader,
        report: Report | None = None,
    ) -> None:
        """Send *connection* what it missed of the channels that it was invited to, and go live.

        :param report: called before anything is sent, with the channels that have lost messages,
            and where the connection begins on each channel.
        :raises RegistryUnavailable: if a log cannot be read.
        """
        new = self._hub.enter(connection)
        if new:
            self._channel_catch_up.run(list(new), PATIENCE_SECONDS)
        pages = self._shared_reads.run(new)
        lost = {name: new[name] for name, page in pages.items() if page.lost}
        if lost:
            # A page that should begin with older messages has lost nothing if they are gone.
            begins = self._hub.give_up_pasts(connection, lost)
            new.update(begins)
            for name in begins:
                del lost[name], pages[name]
            pages.update(self._shared_reads.run(begins))
            lost.update({name: new[name] for name in begins if name in pages and pages[name].lost})
        if report is not None:
            report(list(lost), new)
        for name, position in new.items():
            self._to_tail(connection, name, position, pages)

    def _to_tail(
        self, connection: Reader, name: str, position: Position, pages: dict[str, LogPage]
    ) -> None:
        # Popped here: a caller keeps what it hands over as long as the peer reads nothing.
        page = pages.pop(name, None)
        waited_since = None
        while connection.is_receptive:
            if page is not None:
                entries = deque(page.publications)
                page = replace(page, publications=())
                reached = self._send_page(connection, name, position, page, entries)
            else:
                frames = self._hub.step(connection, name, position)
                if frames is not None and not frames:
                    return
                reached = self._send_frames(connection, name, position, frames or ())
            if reached != position:
                position, waited_since, page = reached, None, None
                continue
            if page is not None and not self._delivery.covers(name, position):
                # The log has no more, but the channel is paused: another thread reads its log.
                waited_since = waited_since or clock.monotonic()
                self._wait_for(name, waited_since)
            if page is not None and self._delivery.covers(name, position):
                page = None
                continue
            page = self._read({name: position}, PAGE_BYTES)[name]

    def _wait_for(self, name: str, since: float) -> None:
        if clock.monotonic() - since > PATIENCE_SECONDS:
            raise RegistryUnavailable(f"The log of channel {name!r} could not be read in time.")
        # Asked only if the channel is not paused already: thousands of connections that come during
        # a reading would each cause another one.
        if not self._delivery.paused([name]):
            self._delivery.pause([name])
        self._channel_catch_up.run([name], PATIENCE_SECONDS)
        time.sleep(LOOK_SECONDS)

    def _send_page(
        self,
        connection: Reader,
        name: str,
        position: Position,
        page: LogPage,
        entries: deque[Publication],
    ) -> Position:
        if page.lost:
            self._send(connection, name, [lost_frame(name, page.tail, position)], page.tail)
            return page.tail
        tail = self._delivery.tail(name)
        while connection.is_receptive:
            frames = self._take_frames(entries, tail)
            if not frames:
                break
            position = self._send_frames(connection, name, position, frames)
        return position

    def _take_frames(self, entries: deque[Publication], tail: Position | None) -> list[Frame]:
        """Make the frames of the first *entries*, which are taken out."""
        frames: list[Frame] = []
        while entries and len(frames) < FRAMES_AT_ONCE:
            entry = entries.popleft()
            if not _is_beyond(entry, tail):
                frames.append(self._delivery.frame(entry))
        return frames

    def _send_frames(
        self, connection: Reader, name: str, position: Position, frames: Sequence[Frame]
    ) -> Position:
        if frames:
            newest = frames[-1].publication
            assert newest is not None
            position = newest.position
        self._send(connection, name, [one for one in frames if _is_for(one, connection)], position)
        return position

    def _send(
        self, connection: Reader, name: str, frames: Sequence[Frame], reached: Position
    ) -> None:
        # Noted first: a peer may take it all, and leave, before the next line. The outbox knows
        # what a peer that leaves has not taken.
        is_on_channel = self._hub.move(connection, name, reached)
        if frames and is_on_channel:
            connection.queue(frames)
            connection.wait_until_taken()


def _is_for(frame: Frame, connection: Listener) -> bool:
    publication = frame.publication
    return publication is None or publication.route.concerns(connection.digest)


def _is_beyond(publication: Publication, tail: Position | None) -> bool:
    """Return whether *publication* is still to be delivered live."""
    at = publication.position
    return tail is not None and at.epoch == tail.epoch and at.seq > tail.seq
