"""Measures a page that comes back and reads many long logs, and a view meanwhile."""

from __future__ import annotations

import time
from functools import partial

from ..client import Client
from ..crowd import Crowd
from ..http import Http, get
from ..prober import Prober
from ..rivals import ours
from ..row import OURS, Line, Row, at_most

MESSAGES = 1000
SIZE = 4096


def resume(rival, channels, messages):
    """Open the socket of a page that has missed *messages* messages on each of its channels.

    :returns: the longest ms of a view meanwhile, the seconds until the page has all messages, and
        the MB by which the server's memory has grown.
    """
    with rival.start() as server:
        path, cookie = _page(server.port, channels)
        for channel in range(channels):
            get(server.port, f"/burst/{messages}/{SIZE}/long:{channel}")
        server.family.rest()
        before = server.family.memory()
        with Prober(server.port) as prober:
            client = Client(server.port, path, [("Cookie", cookie)])
            with Crowd([client.finish_handshake()]) as crowd:
                began = time.monotonic()
                seconds = crowd.read_until(channels * messages) - began
        return {
            "view": prober.percentile(100),
            "seconds": seconds,
            "memory": (server.family.memory() - before) / 2**20,
        }


def _page(port, channels):
    with Http(port) as http:
        headers, body = http.request(f"/many/{channels}")
    page = body.decode().partition('data-socket-connection-id="')[2].partition('"')[0]
    return f"/?socket_connection_id={page}", headers["set-cookie"].partition(";")[0]


def rows(scale):
    channels = scale.of(100, 2)
    return [
        Row(
            "resuming",
            f"One page comes back to {channels} channels of {MESSAGES:,} messages of 4 KB",
            {OURS: partial(resume, ours(), channels, scale.of(MESSAGES, 5))},
            [
                Line("view", "a view meanwhile, the worst, ms", at_most(200)),
                Line("seconds", "the page has all, s"),
                Line("memory", "the server's memory grows by, MB"),
            ],
        )
    ]
