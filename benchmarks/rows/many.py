"""Measures pushes to ten thousand open sockets in one worker."""

from __future__ import annotations

import statistics
import time
from functools import partial

from ..http import get
from ..prober import Prober
from ..rivals import naive, ours
from ..row import NAIVE, OURS, Line, Row, at_most

# How many pushes are measured. Each begins when the one before has reached all clients.
PUSHES = 20
SECONDS_BETWEEN = 0.25


def many(rival, clients):
    """Push to all clients, several times.

    :returns: the seconds until a push has reached all clients, as median and as maximum; the p99 in
        ms of a view meanwhile; and the server's memory in MB.
    """
    with rival.start() as server, rival.crowd(server.port, ["room"] * clients) as crowd:
        server.family.rest()
        crowd.settle()
        _push(server, crowd)
        with Prober(server.port) as prober:
            seconds = [_push(server, crowd) for _ in range(PUSHES)]
        return {
            "reach": statistics.median(seconds),
            "slowest": max(seconds),
            "view": prober.percentile(99),
            "memory": server.family.memory() / 2**20,
        }


def rows(scale):
    clients = scale.of(10_000, 10)
    return [
        Row(
            "many",
            f"{clients:,} open sockets in one worker, all served",
            {OURS: partial(many, ours(), clients), NAIVE: partial(many, naive(), clients)},
            [
                Line("reach", "a push reaches all, s", at_most(0.25)),
                Line("view", "a view meanwhile, p99, ms", at_most(50)),
                Line("memory", "the server's memory, MB"),
            ],
        )
    ]


def _push(server, crowd):
    time.sleep(SECONDS_BETWEEN)
    count = crowd.clients[0].count + 1
    began = time.monotonic()
    get(server.port, "/paced/1/0.0/room")
    return crowd.read_until(count) - began
