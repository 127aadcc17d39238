"""Publications: the entries of channels' logs."""

from __future__ import annotations

from dataclasses import dataclass

from .positions import Position
from .routes import TO_ALL, Route


@dataclass(frozen=True, slots=True)
class Publication:
    """One entry of a channel's log.

    :param channel: the channel's name.
    :param position: the position of the entry.
    :param previous_tag: the tag of the entry before it; empty for the first entry.
    :param payload: JSON text.
    :param route: the kind of the entry, and which clients get it.
    """

    channel: str
    position: Position
    previous_tag: str
    payload: str
    route: Route = TO_ALL

    @property
    def is_ephemeral(self) -> bool:
        """Whether the publication stands in no log, and so has no place in the order."""
        return not self.position.epoch

    @property
    def before(self) -> Position:
        """The position of a reader that has everything before this entry, and not the entry."""
        return Position(self.position.epoch, self.position.seq - 1, self.previous_tag)


#: The position of a publication that stands in no log.
NOWHERE = Position("", 0, "")
