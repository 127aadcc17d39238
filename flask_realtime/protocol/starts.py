"""Where a subscription begins: where the channel's log stands, or some messages before that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from .positions import Position, new_tag


class Past(NamedTuple):
    """The older messages with which a subscription begins.

    :param begins: the position before the first of them.
    :param mark: tells this subscription from an earlier and from a later one to the same channel.
    """

    begins: Position
    mark: str


class Start(NamedTuple):
    """Where a subscription begins, and who made it.

    :param since: where the log stood when the client subscribed; None: where it stands now.
    :param past: the older messages with which the subscription begins; None: there are none.
    :param last: how many older messages the registry shall look for, those that the client would
        hear; 0: none, or *past* has been found already.
    :param by_view: whether the decorator of a view made the subscription: it ends when the page
        shows another view.
    """

    since: Position | None = None
    past: Past | None = None
    last: int = 0
    by_view: bool = False


Starts = Mapping[str, Position | Start | None]


def as_start(given: Position | Start | None) -> Start:
    """Return *given* as a start, where it may be a position alone, or None."""
    return given if isinstance(given, Start) else Start(given)


def as_starts(channels: Collection[str] | Starts) -> Starts:
    """Return *channels* with a start for each, where they may be names alone."""
    return channels if isinstance(channels, Mapping) else dict.fromkeys(channels)


def new_past(begins: Position) -> Past:
    """Return a past that begins at *begins*, with a mark of its own."""
    return Past(begins, new_tag())


def check_last(last: object, most: int | None = None) -> int:
    """Return *last* if it can be a number of messages.

    :param most: ``REALTIME_HISTORY_SIZE``; None: not known yet.
    :raises TypeError: if *last* is no whole number.
    :raises ValueError: if *last* is negative, or more than any log keeps.
    """
    if isinstance(last, bool) or not isinstance(last, int):
        raise TypeError(f"last is {last!r}, and must be a whole number of messages, such as 20.")
    if last < 0:
        raise ValueError(f"last is {last}, and must be a number of messages: 0 or more.")
    if most is not None and last > most:
        raise ValueError(
            f"last is {last}, and a channel's log keeps {most} messages: ask for fewer, or raise "
            f"REALTIME_HISTORY_SIZE."
        )
    return last
