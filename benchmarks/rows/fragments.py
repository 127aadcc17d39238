"""Measures fragments, rendered once for all pages, and pushes of as many bytes."""

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
    """Send *count* changes to all clients, each after the one before has reached all of them.

    :param kind: ``fragments``, which a template renders, or ``pushes`` of as many bytes.
    :returns: the CPU ms of a change, the ms until it has reached all clients, and the bytes of a
        delivery.
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
    """Make *count* changes; return how many seconds each took to reach all clients."""
    seconds = []
    for number in range(1, count + 1):
        began = time.monotonic()
        http.request(f"/{kind}/1/{CHANNEL}")
        seconds.append(crowd.read_until(number) - began)
    return seconds
