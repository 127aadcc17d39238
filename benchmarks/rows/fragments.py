"""A fragment, rendered once for all, beside a push of the same bytes; each HTML of 500 bytes."""

from __future__ import annotations

import statistics
import time
from functools import partial

from ..http import Http
from ..rivals import ours
from ..row import OURS, Line, Row, at_most

CHANNEL = "room"
PUSHED = f"{OURS}, a push"
WARM_UP = 5


def changes(clients, count, kind):
    """Send *count* changes to all clients, each once the last one has reached them all.

    :param kind: ``fragments``, of a template; or ``pushes``, of as many bytes.
    :returns: the CPU ms and the ms until one change has reached all, and bytes a delivery.
    """
    rival = ours()
    with (
        rival.start() as server,
        rival.crowd(server.port, [CHANNEL] * clients) as crowd,
        Http(server.port) as http,
    ):
        _change(http, crowd, WARM_UP, kind)
        crowd.settle()
        server.family.rest()
        before = server.family.cpu()
        seconds = _change(http, crowd, count, kind)
        server.family.rest()
        return {
            "cpu": 1000 * (server.family.cpu() - before) / count,
            "time": 1000 * statistics.median(seconds),
            "bytes": crowd.received / (clients * count),
        }


def rows(scale):
    clients = scale.of(1000, 4)
    run = partial(changes, clients, scale.of(50, 3))
    return [
        Row(
            "fragments",
            f"A fragment of a template to {clients:,} pages",
            {OURS: partial(run, "fragments"), PUSHED: partial(run, "pushes")},
            [
                Line("cpu", "CPU of one for all, ms", at_most(1.1, PUSHED)),
                Line("time", "until all have one, ms", at_most(1.1, PUSHED)),
                Line("bytes", "bytes a delivery", at_most(1.1, PUSHED)),
            ],
        )
    ]


def _change(http, crowd, count, kind):
    """Return how many seconds each change took."""
    seconds = []
    for number in range(1, count + 1):
        began = time.monotonic()
        http.request(f"/{kind}/1/{CHANNEL}")
        seconds.append(crowd.read_until(number) - began)
    return seconds
