"""Lets other greenlets run in the middle of long work."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")

logger = logging.getLogger(__name__)

# More than 0: gevent runs fifty greenlets that sleep for 0 s before it looks at the network once,
# and so no request would begin while a push goes to ten thousand sockets.
SHORTEST_SECONDS = 1e-6


def let_others_run() -> None:
    """Let all that is ready run, greenlets that wait for the network too."""
    time.sleep(SHORTEST_SECONDS)


def in_pieces(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield *items* in order, in lists of *size* items, and let others run before each further one.

    :param size: how many items the caller handles between two pauses; the last list may be shorter.
    """
    rest = iter(items)
    piece = list(islice(rest, size))
    while piece:
        yield piece
        piece = list(islice(rest, size))
        if piece:
            let_others_run()


def let_others_run_behind_app() -> None:
    """Let others run, on a thread that has run code of the app. Never raises.

    A gevent.Timeout that such code has begun and not ended is raised wherever its thread waits
    next, and must not keep what follows from being done.
    """
    try:
        let_others_run()
    except BaseException:
        logger.exception(
            "An exception such as a gevent.Timeout of the app has interrupted a pause after code "
            "of the app."
        )
