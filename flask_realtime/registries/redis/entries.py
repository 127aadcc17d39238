"""Reads and writes a log's entry in the form of ``lua/append.lua``."""

from __future__ import annotations

from ...protocol.positions import Position
from ...protocol.publications import NOWHERE, Publication
from ...protocol.pushes import Push
from ...protocol.routes import Route


def parse_entry(channel: str, entry: bytes) -> Publication:
    """Read ``epoch:seq:tag:previous tag:route``, a line feed, and the payload.

    :raises ValueError: if *entry* has another form.
    """
    head, _, payload = entry.partition(b"\n")
    epoch, seq, tag, previous_tag, route = head.decode().split(":", 4)
    return Publication(
        channel, Position(epoch, int(seq), tag), previous_tag, payload.decode(), Route.parse(route)
    )


def passing_entry(push: Push) -> bytes:
    """Return the entry of a push that stands in no log, and so has no position."""
    position = f"{NOWHERE.epoch}:{NOWHERE.seq}:{NOWHERE.tag}"
    return f"{position}::{push.route}\n{push.payload}".encode()


def parse_position(text: bytes) -> Position:
    """Read a position that one of this package's scripts replied.

    :raises ValueError: if *text* has another form.
    """
    epoch, seq, tag = text.decode().split(":")
    return Position(epoch, int(seq), tag)
