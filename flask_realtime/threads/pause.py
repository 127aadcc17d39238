"""Lets others run, in the middle of much work."""

from __future__ import annotations

import time

# gevent looks for what the network brings only once in fifty turns of those who sleep for 0 s:
# while a push went to ten thousand, no request would begin.
SHORTEST_SECONDS = 1e-6


def let_others_run() -> None:
    """Let whoever is ready run, those too for whom something has come in."""
    time.sleep(SHORTEST_SECONDS)
