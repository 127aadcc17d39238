"""Many pages that all have a block of their own rendered again, while somebody else visits."""

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
# As fast as somebody types: all but the last are overtaken.
CHANGES = 5
SECONDS_BETWEEN = 0.5


def herd(clients):
    """Have all pages refresh a block whose view takes a core for 20 ms.

    :returns: the p99 of another view meanwhile in ms; how many seconds it took until all pages
        showed the last state, and how many requests each of them made.
    """
    rival = ours()
    with rival.start() as server, rival.crowd(server.port, [CHANNEL] * clients) as crowd:
        path = f"/block/{CHANNEL}/{VIEW_MS}"
        # A process that has measured no block yet takes it to cost more.
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
