"""What a channel's log holds, and its process hands on."""

from __future__ import annotations

from dataclasses import dataclass

from .positions import Position
from .routes import TO_ALL, Route


@dataclass(frozen=True, slots=True)
class Publication:
    """One entry of a channel's log.

    :param position: its own position.
    :param previous_tag: the tag of the entry before it, empty for the first.
    :param payload: JSON text.
    :param route: what it is, and which clients it is for.
    """

    channel: str
    position: Position
    previous_tag: str
    payload: str
    route: Route = TO_ALL

    @property
    def is_ephemeral(self) -> bool:
        """Whether it stands in no log, and has no place among those that do."""
        return not self.position.epoch

    @property
    def before(self) -> Position:
        """The position of one who has everything up to this entry, and not this one."""
        return Position(self.position.epoch, self.position.seq - 1, self.previous_tag)


#: The position of what stands in no log.
NOWHERE = Position("", 0, "")
