"""The owner of an outbox: the connection whose socket it is written to."""

from __future__ import annotations

import math
from typing import Protocol


class Owner(Protocol):
    """What an outbox knows of its connection."""

    digest: str

    def cut(self) -> None:
        """Called when the peer is gone."""

    @property
    def stall_seconds(self) -> float:
        """After how many seconds a peer that takes nothing is given up."""

    def give_up(self, why: str) -> None:
        """Called when the peer does not keep up; *why* says how, with numbers in parentheses."""


class Nobody:
    """The owner of an outbox whose connection has ended."""

    digest = ""
    stall_seconds = math.inf

    def cut(self) -> None:
        """Do nothing."""

    def give_up(self, why: str) -> None:
        """Do nothing."""


NOBODY = Nobody()
