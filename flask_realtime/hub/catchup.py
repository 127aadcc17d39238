"""Pages of the logs to one connection, until it stands at the tail of each of its channels."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from ..errors import RegistryUnavailable
from ..protocol.positions import Position
from ..protocol.publications import Publication
from ..registries.records import LogPage
from ..writing.frames import Frame, lost_frame, push_frame
from .backfill import PAGE_BYTES, PATIENCE_SECONDS, Backfill, Read
from .delivery import Delivery
from .hub import Hub
from .members import Listener
from .resync import Resync


class Reader(Listener, Protocol):
    """A connection that is sent pages of a log."""

    @property
    def is_receptive(self) -> bool: ...

    def queue(self, frames: Sequence[Frame]) -> None: ...

    def wait_until_taken(self) -> None: ...


class CatchUp:
    """Brings a connection onto channels without missing or repeating anything.

    :param read: the registry's reader, for positions that a client named.
    """

    def __init__(self, hub: Hub, delivery: Delivery, resync: Resync, read: Read) -> None:
        self._hub = hub
        self._delivery = delivery
        self._resync = resync
        self._backfill = Backfill(delivery, read)
        self._read = read

    def is_done(self, starts: Mapping[str, Position]) -> bool:
        """Whether one who enters channels there has nothing to be sent or to wait for."""
        return all(self._delivery.is_live_at(name, at) for name, at in starts.items())

    def run(
        self,
        connection: Reader,
        report: Callable[[list[str]], None] | None = None,
    ) -> None:
        """Send *connection*, on the channels that it was invited to, all that follows where it
        begins, then leave it on them, live.

        :param report: told, before anything is sent, of which channels something is lost.
        :raises RegistryUnavailable: if a log cannot be read.
        """
        new = self._hub.enter(connection)
        if new:
            self._resync.run(list(new), PATIENCE_SECONDS)
        pages = self._backfill.run(new)
        if report is not None:
            report([name for name, page in pages.items() if page.lost])
        for name, position in new.items():
            self._to_tail(connection, name, position, pages.get(name))

    def _to_tail(
        self, connection: Reader, name: str, position: Position, page: LogPage | None
    ) -> None:
        waited_since = None
        while connection.is_receptive:
            if page is not None:
                reached = self._send_page(connection, name, position, page)
            else:
                frames = self._hub.step(connection, name, position)
                if frames is not None and not frames:
                    return
                reached = self._send_frames(connection, name, position, frames or ())
            if reached != position:
                position, waited_since, page = reached, None, None
                continue
            if page is not None and not self._delivery.covers(name, position):
                # The log has no more, yet the channel stands elsewhere here: it is being read.
                waited_since = waited_since or time.monotonic()
                self._wait_for(name, waited_since)
            if page is not None and self._delivery.covers(name, position):
                page = None
                continue
            page = self._read({name: position}, PAGE_BYTES)[name]

    def _wait_for(self, name: str, since: float) -> None:
        if time.monotonic() - since > PATIENCE_SECONDS:
            raise RegistryUnavailable(f"Channel {name!r} stands still in this process.")
        # While it is read, thousands who come would have it read again for each of them.
        if not self._delivery.paused([name]):
            self._delivery.pause([name])
        self._resync.run([name], PATIENCE_SECONDS)
        time.sleep(0.01)

    def _send_page(
        self, connection: Reader, name: str, position: Position, page: LogPage
    ) -> Position:
        if page.lost:
            self._send(connection, name, [lost_frame(name, page.tail, position)], page.tail)
            return page.tail
        publications = _up_to(page.publications, self._delivery.tail(name))
        frames = [push_frame(one) for one in publications]
        return self._send_frames(connection, name, position, frames)

    def _send_frames(
        self, connection: Reader, name: str, position: Position, frames: Collection[Frame]
    ) -> Position:
        for frame in frames:
            assert frame.publication is not None
            position = frame.publication.position
        self._send(connection, name, [one for one in frames if _is_for(one, connection)], position)
        return position

    def _send(
        self, connection: Reader, name: str, frames: Sequence[Frame], reached: Position
    ) -> None:
        if frames:
            connection.queue(frames)
        # Noted before it is taken: a peer that leaves meanwhile has had some of it.
        self._hub.move(connection, name, reached)
        if frames:
            connection.wait_until_taken()


def _is_for(frame: Frame, connection: Listener) -> bool:
    publication = frame.publication
    return publication is None or publication.route.concerns(connection.digest)


def _up_to(publications: Collection[Publication], tail: Position | None) -> list[Publication]:
    # What lies behind the tail of this process will be delivered live.
    return [
        one
        for one in publications
        if tail is None or one.position.epoch != tail.epoch or one.position.seq <= tail.seq
    ]
