"""Measures the latency of pushes through Redis to 100 clients in two processes."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from ..http import get
from ..latency import last_deliveries, percentile
from ..rivals import channels, ours, socketio
from ..row import CHANNELS, OURS, SOCKETIO, Line, Row, at_most
from ..servers import Redis

LISTENERS = 100
WORKERS = 2
SECONDS_BETWEEN = 0.02
LAYER = "channels_redis.core.RedisChannelLayer"


def latency(make_rival, listeners, count, others=0):
    """Push a message every 20 ms.

    :param others: the number of other clients in Redis, each subscribed to a channel of its own.
    :returns: p50 and p99 of the ms from a push to its last delivery, and the CPU ms that servers
        and Redis take for a push.
    """
    with ExitStack() as stack:
        redis = stack.enter_context(Redis())
        rival = make_rival(redis_url=redis.url)
        server = stack.enter_context(rival.start(WORKERS))
        crowd = stack.enter_context(rival.crowd(server.port, ["room"] * listeners))
        if others:
            get(server.port, f"/others/{others}")
        crowd.note_times()
        _pace(server, crowd, 20)
        crowd.settle()
        before = server.family.cpu() + redis.family.cpu()
        _pace(server, crowd, count)
        used = server.family.cpu() + redis.family.cpu() - before
        seen = last_deliveries(crowd)
    return {
        "p50": percentile(seen, 50),
        "p99": percentile(seen, 99),
        "cpu": 1000 * used / count,
    }


def rows(scale):
    run = partial(latency, listeners=scale.of(LISTENERS, 4), count=scale.of(300, 10))
    others = scale.of(20_000, 20)
    beside = f"{OURS}, beside {others:,} others"
    layer = partial(channels, LAYER)
    return [
        Row(
            "latency",
            f"A push through Redis to {scale.of(LISTENERS, 4)} listeners in two processes",
            {
                OURS: partial(run, partial(ours, "redis")),
                beside: partial(run, partial(ours, "redis"), others=others),
                SOCKETIO: partial(run, socketio),
                CHANNELS: partial(run, layer),
            },
            [
                Line("p50", "to the last delivery, p50, ms", at_most(2)),
                Line("p99", "to the last delivery, p99, ms", at_most(10)),
                Line("cpu", "CPU of a push, ms"),
                Line(
                    "cpu",
                    f"CPU of a push beside {others:,} other channels and clients, ms",
                    at_most(1.2, OURS),
                    beside,
                ),
                Line("p50", "p50 beside them, ms", at_most(1.2, OURS), beside),
            ],
        )
    ]


def _pace(server, crowd, count):
    target = crowd.clients[0].count + count
    get(server.port, f"/paced/{count}/{SECONDS_BETWEEN}/room")
    crowd.read_until(target)
