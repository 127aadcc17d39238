"""Measures pushes through Redis: to nobody, and to 1,000 channels with ten clients each."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial

from ..pusher import Pusher
from ..rivals import channels, ours, socketio
from ..row import CHANNELS, OURS, SOCKETIO, Line, Row, at_least
from ..servers import Redis

LISTENERS = 10
WORKERS = 2
LAYER = "channels_redis.core.RedisChannelLayer"
PUBSUB_LAYER = "channels_redis.pubsub.RedisPubSubChannelLayer"
PUBSUB = f"{CHANNELS}, pub/sub layer"


def to_nobody(kind, count, **environ):
    """Return how many pushes a second one process makes to channels without subscribers."""
    with Redis() as redis, Pusher(kind, redis.url, 100, count, **environ) as pusher:
        pusher.begin()
        return {"speed": count / pusher.seconds()}


def to_all(kind, make_rival, channels, count, **environ):
    """Return how many pushes a second of one process are delivered to all subscribers."""
    names = [f"channel-{number}" for number in range(channels)] * LISTENERS
    with ExitStack() as stack:
        redis = stack.enter_context(Redis())
        rival = make_rival(redis_url=redis.url)
        server = stack.enter_context(rival.start(WORKERS))
        crowd = stack.enter_context(rival.crowd(server.port, names))
        pusher = stack.enter_context(Pusher(kind, redis.url, channels, count, **environ))
        server.family.rest()
        crowd.settle()
        began = time.monotonic()
        pusher.begin()
        seconds = crowd.read_until(count // channels) - began
    return {"speed": count / seconds}


def rows(scale):
    return [_to_nobody(scale.of(20_000, 100)), _to_all(scale.of(1000, 5))]


def _to_nobody(count):
    one_by_one, at_once = f"{OURS}, one by one", f"{OURS}, 50 views at once"
    rivals = (SOCKETIO, CHANNELS, PUBSUB)
    return Row(
        "pushes",
        "Pushes a second from one process through Redis, which nobody hears",
        {
            OURS: partial(to_nobody, "many", count),
            f"{OURS}, Publisher": partial(to_nobody, "publisher", count),
            one_by_one: partial(to_nobody, "one by one", count // 4),
            at_once: partial(to_nobody, "at once", count // 2),
            SOCKETIO: partial(to_nobody, "socketio", count // 4),
            CHANNELS: partial(to_nobody, "channels", count // 4, CHANNELS_LAYER=LAYER),
            PUBSUB: partial(to_nobody, "channels", count // 4, CHANNELS_LAYER=PUBSUB_LAYER),
        },
        [
            Line("speed", "push_many of 1,000 at a time, pushes/s", at_least(3, *rivals)),
            Line("speed", "one after the other, pushes/s", None, one_by_one),
            Line("speed", "50 views at once, pushes/s", None, at_once),
        ],
    )


def _to_all(count):
    rivals = (SOCKETIO, CHANNELS, PUBSUB)
    run = partial(to_all, channels=count)
    return Row(
        "channels",
        f"Pushes a second through Redis to {count:,} channels "
        f"with {LISTENERS} listeners each in two processes",
        {
            OURS: partial(run, "many", partial(ours, "redis"), count=20 * count),
            SOCKETIO: partial(run, "socketio", socketio, count=2 * count),
            CHANNELS: partial(
                run, "channels", partial(channels, LAYER), count=2 * count, CHANNELS_LAYER=LAYER
            ),
            PUBSUB: partial(
                run,
                "channels",
                partial(channels, PUBSUB_LAYER),
                count=2 * count,
                CHANNELS_LAYER=PUBSUB_LAYER,
            ),
        },
        [Line("speed", "pushes/s to their last delivery", at_least(3, *rivals))],
    )
