"""Divides what is sent to Redis: neither too many commands nor too many bytes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ...threads.portions import portions

Item = TypeVar("Item")

# How many commands are sent at once. Under gevent no other greenlet runs while they are packed into
# bytes, which takes about 1 ms.
COMMANDS_AT_ONCE = 500
# How many bytes are sent at once: joining copies them, and Redis holds what it has not yet handled.
BYTES_AT_ONCE = 1024 * 1024


def batches(items: Sequence[Item], size: Callable[[Item], int]) -> Iterator[Sequence[Item]]:
    """Yield *items* in pieces, in order, each of which may be sent at once.

    :param size: returns about how many bytes one item has; an item above the limit goes alone.
    """
    return portions(items, size, BYTES_AT_ONCE, COMMANDS_AT_ONCE)
