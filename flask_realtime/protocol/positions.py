"""Positions in channels' logs."""

from __future__ import annotations

import re
import secrets
from typing import NamedTuple

# Clients name positions, which then stand in registries between marks of other kinds. A seq of more
# digits is beyond what Redis counts exactly.
_TEXT = re.compile(r"([\w.-]+):(\d{1,16}):([\w.-]*)", re.ASCII)


class Position(NamedTuple):
    """A place in a channel's log: right behind the entry number *seq*, which has the tag *tag*.

    Epochs and tags consist of ASCII letters and digits, ``_``, ``.`` and ``-``.

    :param epoch: a name for the log's history; it changes if the log was lost or went back. In
        Redis later epochs are greater.
    :param seq: the number of the entry: 1, 2, 3 … without holes; 0 is before the first entry.
    :param tag: a random text of the entry, by which another log with the same numbers is
        recognised.
    """

    epoch: str
    seq: int
    tag: str

    @classmethod
    def start(cls) -> Position:
        """Return the beginning of a new log."""
        return cls(secrets.token_hex(4), 0, "")

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read what :meth:`__str__` wrote.

        :raises ValueError: if *text* is no position.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a position, which looks like 'k3f9:17:b2'.")
        epoch, seq, tag = found.groups()
        return cls(epoch, int(seq), tag)

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}:{self.tag}"

    def is_before(self, other: Position) -> bool:
        """Return whether this is an earlier place in the same history of the log as *other*."""
        return self.epoch == other.epoch and self.seq < other.seq


def new_tag() -> str:
    """Return a tag for a new entry: 32 random bits, by which two histories of a log differ."""
    return secrets.token_hex(4)
