"""Measures servers with threads, by some figures of the other rows."""

from __future__ import annotations

from functools import partial

from ..rivals import naive_on_threads, ours_on_development_server, ours_on_threads
from ..row import NAIVE, OURS, Line, Row
from .calls import calls_and_http
from .fanout import bursts, paced
from .memory import memory

DEVELOPMENT = f"{OURS}, flask run"
# Threads for requests, besides those of the sockets.
SPARE_THREADS = 100


def figures(rival, clients, count, seconds=None):
    """Return figures of other rows.

    :param seconds: how long to measure calls; None: not at all.
    """
    return {
        **{f"paced {key}": value for key, value in paced(rival, clients, count).items()},
        **{f"bursts {key}": value for key, value in bursts(rival, clients, count).items()},
        **memory(rival, clients),
        **(calls_and_http(rival, seconds) if seconds else {}),
    }


def rows(scale):
    clients = scale.of(1000, 4)
    count = scale.of(100, 5)
    run = partial(figures, clients=clients, count=count)
    return [
        Row(
            "threads",
            f"gunicorn's gthread worker with {clients:,} sockets",
            {
                OURS: partial(
                    run, ours_on_threads(clients + SPARE_THREADS), seconds=2 * scale.factor
                ),
                NAIVE: partial(run, naive_on_threads(clients + SPARE_THREADS)),
                DEVELOPMENT: partial(run, ours_on_development_server()),
            },
            [
                Line("paced p50", "paced, p50 latency, ms"),
                Line("paced p99", "paced, p99 latency, ms"),
                Line("bursts speed", "bursts, deliveries/s"),
                Line("idle", "memory of an idle socket, KB"),
                Line("many", "calls over 50 sockets, answers/s"),
            ],
        )
    ]
