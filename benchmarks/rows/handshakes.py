"""Measures handshakes, with the registry in memory and in Redis."""

from __future__ import annotations

import time
from functools import partial

from ..crowd import Crowd
from ..rivals import naive, ours, socketio
from ..row import NAIVE, OURS, SOCKETIO, Line, Row, at_least, at_most
from ..servers import Redis

BY_REDIS = f"{OURS}, Redis"


def handshakes(rival, clients):
    """Open sockets, 50 at a time.

    :returns: handshakes in a second, the CPU ms of a handshake, and the ms of a handshake without
        and with the rendering of its page.
    """
    with rival.start() as server:
        _open(server, rival, max(2, clients // 10))
        return _open(server, rival, clients)


def handshakes_through_redis(make_rival, clients):
    with Redis() as redis:
        return handshakes(make_rival(redis_url=redis.url), clients)


def rows(scale):
    clients = scale.of(1000, 4)
    return [
        Row(
            "handshakes",
            f"Handshakes of {clients:,} clients, 50 at a time",
            {
                OURS: partial(handshakes, ours(), clients),
                BY_REDIS: partial(handshakes_through_redis, partial(ours, "redis"), clients),
                NAIVE: partial(handshakes, naive(), clients),
                SOCKETIO: partial(handshakes, socketio(), clients),
            },
            [
                Line("speed", "handshakes/s, memory", at_least(0.9, NAIVE)),
                Line("speed", "handshakes/s, Redis", at_least(0.6, NAIVE), BY_REDIS),
                Line("cpu", "CPU of a handshake, ms"),
                Line("cpu", "CPU of a handshake, Redis, ms", None, BY_REDIS),
                Line(
                    "open",
                    "a socket opened, ms; ratio of Redis to memory",
                    at_most(1.4, OURS),
                    BY_REDIS,
                ),
                Line(
                    "pages",
                    "a page rendered, and its socket opened, ms; ratio of Redis to memory",
                    at_most(1.4, OURS),
                    BY_REDIS,
                ),
            ],
        )
    ]


def _open(server, rival, clients):
    server.family.rest()
    began = time.monotonic()
    addresses = rival.addresses(server.port, ["room"] * clients)
    rendered = time.monotonic() - began
    server.family.rest()
    before, began = server.family.cpu(), time.monotonic()
    opened = list(rival.open(server.port, addresses))
    seconds = time.monotonic() - began
    server.family.rest()
    used = server.family.cpu() - before
    with Crowd(opened):
        pass
    return {
        "speed": clients / seconds,
        "cpu": 1000 * used / clients,
        "open": 1000 * seconds / clients,
        "pages": 1000 * (rendered + seconds) / clients,
    }
