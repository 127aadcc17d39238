"""Where one is in a channel's log."""

from __future__ import annotations

import secrets
from typing import NamedTuple


class Position(NamedTuple):
    """A place in a channel's log: behind the entry *seq*, which carries *tag*.

    :param epoch: changes when the log was lost or went back; in Redis, later ones are greater.
    :param seq: counts 1, 2, 3 … without holes; 0 is before the first entry.
    :param tag: random for each entry, so that another log with the same numbers is recognised.
    """

    epoch: str
    seq: int
    tag: str

    @classmethod
    def start(cls) -> Position:
        """The beginning of a log that nobody has seen before."""
        return cls(secrets.token_hex(4), 0, "")

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read what :meth:`__str__` wrote.

        :raises ValueError: if *text* is no position.
        """
        epoch, seq, tag = text.split(":")
        if not epoch or not seq.isascii() or not seq.isdigit():
            raise ValueError(f"{text!r} is no position; one looks like 'k3f9:17:b2'.")
        return cls(epoch, int(seq), tag)

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}:{self.tag}"


def new_tag() -> str:
    """The tag of a new entry: 32 random bits tell two histories of one log apart."""
    return secrets.token_hex(4)
