"""Divides much work into portions, for calls that each end in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def portions(
    items: Sequence[Item], weight: Callable[[Item], int], most: int, count: int | None = None
) -> Iterator[Sequence[Item]]:
    """Yield *items* in portions, in order.

    :param weight: returns what one item weighs.
    :param most: what the items of one portion weigh at most, unless it is one item alone.
    :param count: how many items one portion has at most; None: any number.
    """
    start = total = 0
    for index, item in enumerate(items):
        of_item = weight(item)
        if index > start and (total + of_item > most or index - start == count):
            yield items[start:index]
            start, total = index, 0
        total += of_item
    if start < len(items):
        yield items[start:]
