"""Where a subscription begins: at the tail of the channel's log, or some messages before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from .positions import Position, new_tag


class Past(NamedTuple):
    """The older messages with which a subscription begins.

    :param begins: the position before the first of them.
    :param mark: a random text that tells this subscription from others to the same channel.
    """

    begins: Position
    mark: str


class Start(NamedTuple):
    """Where a subscription begins, and who made it.

    :param since: the log's tail when the client subscribed; None: the log's tail now.
    :param past: the older messages with which the subscription begins; None: none.
    :param last: with how many older messages the subscription begins, of those that the client
        would hear; the registry finds them. 0: none, or *past* tells them already.
    :param by_view: whether the decorator of a view made the subscription, which then ends when the
        page shows another view.
    """

    since: Position | None = None
    past: Past | None = None
    last: int = 0
    by_view: bool = False


#: Where subscriptions begin, by channel; None: at the tail of the channel's log.
Starts = Mapping[str, Position | Start | None]


def as_start(given: Position | Start | None) -> Start:
    """Return *given* as a :class:`Start`."""
    return given if isinstance(given, Start) else Start(given)


def as_starts(channels: Collection[str] | Starts) -> Starts:
    """Return *channels* as a mapping; names alone begin at the tails of their logs."""
    return channels if isinstance(channels, Mapping) else dict.fromkeys(channels)


def new_past(begins: Position) -> Past:
    """Return a past that begins at *begins*, with a mark of its own."""
    return Past(begins, new_tag())


def check_last(last: object, most: int | None = None) -> int:
    """Return *last* if it is a valid number of messages.

    :param most: the largest number, ``REALTIME_HISTORY_SIZE``; None: not known yet.
    :raises TypeError: if *last* is no whole number.
    :raises ValueError: if *last* is negative, or more than *most*.
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
