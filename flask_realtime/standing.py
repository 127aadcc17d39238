"""How one connection stands on its channels."""

from __future__ import annotations

from .positions import Position


class Standing:
    """How one connection stands: by channel its position, or None once it hears it live."""

    __slots__ = ("is_stale", "is_subscribed", "positions")

    def __init__(self) -> None:
        self.positions: dict[str, Position | None] = {}
        self.is_subscribed = False
        self.is_stale = False
