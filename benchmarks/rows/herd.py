"""Measures a view while many pages refresh a block at the same time."""

from __future__ import annotations

import time
from functools import partial

from ..http import Http
from ..prober import Prober
from ..refreshing import Refreshing
from ..rivals import ours
from ..row import OURS, Line, Row, at_most

CHANNEL = "room"
BLOCK = "live"
VIEW_MS = 20
# Changes that come so fast that most pages skip all but the last.
CHANGES = 5
SECONDS_BETWEEN = 0.5


def herd(clients):
    """Let all pages refresh a block whose view takes a core for 20 ms.

    :returns: the p99 in ms of another view meanwhile, the seconds until all pages showed the last
        state, and the number of requests of a page.
    """
    rival = ours()
    with rival.start() as server, rival.crowd(server.port, [CHANNEL] * clients) as crowd:
        path = f"/block/{CHANNEL}/{VIEW_MS}"
        # This lets the process measure the block once: before, it assumes that a block takes
        # longer.
        with Http(server.port) as http:
            http.request(path, **{"X-Realtime-Block": BLOCK})
        with Refreshing(server.port, crowd, path, BLOCK) as refreshing:
            refreshing.run(1, [0.0], f"/refresh/{CHANNEL}")
            refreshing.asked = 0
            with Prober(server.port) as prober:
                began = time.monotonic()
                due = [began + number * SECONDS_BETWEEN for number in range(CHANGES)]
                refreshing.run(1 + CHANGES, due, f"/refresh/{CHANNEL}")
                seconds = time.monotonic() - began
        return {
            "view": prober.percentile(99),
            "seconds": seconds,
            "asked": refreshing.asked / clients,
        }


def rows(scale):
    clients = scale.of(1000, 10)
    return [
        Row(
            "herd",
            f"{clients:,} pages refresh a block of a view of {VIEW_MS} ms, {CHANGES} changes",
            {OURS: partial(herd, clients)},
            [
                Line("view", "a view meanwhile, p99, ms", at_most(250)),
                Line("seconds", "until all show the last state, s"),
                Line("asked", "requests of a page"),
            ],
            notes="Refreshing takes a quarter of a core; a fragment is rendered once for all.",
        )
    ]
