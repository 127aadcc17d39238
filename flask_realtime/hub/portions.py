"""Divides much work into portions: for calls that each end in time, and with pauses for others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from ..threads.pause import let_others_run

Item = TypeVar("Item")
Result = TypeVar("Result")

# How many items are looked at between two pauses; under gevent nobody else runs meanwhile.
LOOKED_AT_AT_ONCE = 500


def portions(
    items: Sequence[Item], weight: Callable[[Item], int], most: int
) -> Iterator[Sequence[Item]]:
    """Yield *items* in portions, in order.

    :param weight: returns what one item weighs.
    :param most: what the items of one portion weigh at most, unless it is one item alone.
    """
    start = total = 0
    for index, item in enumerate(items):
        of_item = weight(item)
        if index > start and total + of_item > most:
            yield items[start:index]
            start, total = index, 0
        total += of_item
    if start < len(items):
        yield items[start:]


def with_pauses(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Call *function* with each item, and let others run now and then."""
    for index, item in enumerate(items, 1):
        yield function(item)
        if index % LOOKED_AT_AT_ONCE == 0:
            let_others_run()
