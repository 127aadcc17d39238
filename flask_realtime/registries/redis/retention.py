"""How much a log in Redis keeps, and for how long."""

from __future__ import annotations

from typing import NamedTuple

from ...config.settings import Config
from ..lifetimes import Lifetimes


class Retention(NamedTuple):
    """How much a log keeps. Its text is what the scripts take, and note with each channel.

    :param entries: how many entries.
    :param bytes: how many bytes of payload.
    :param milliseconds: for how long after its last push.
    """

    entries: int
    bytes: int
    milliseconds: int

    @classmethod
    def of(cls, config: Config) -> Retention:
        """Return the retention that the settings ask for."""
        lives = milliseconds(Lifetimes.of(config).history)
        return cls(config.history_size, config.history_bytes, lives)

    def __str__(self) -> str:
        return ":".join(map(str, self))


def milliseconds(seconds: float) -> int:
    """Return *seconds* in ms, as Redis's PEXPIRE takes them: at least 1."""
    return max(1, round(seconds * 1000))
