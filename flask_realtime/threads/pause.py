"""Lets other greenlets run in the middle of long work."""

from __future__ import annotations

import time

# Not 0: of greenlets that sleep for 0 s gevent runs fifty before it looks at the network once, so
# that no request would begin while a push goes to ten thousand sockets.
SHORTEST_SECONDS = 1e-6


def let_others_run() -> None:
    """Let all that is ready run, greenlets that wait for the network too."""
    time.sleep(SHORTEST_SECONDS)
