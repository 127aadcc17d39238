"""Measures pages that are subscribed by a decorator of the view, and by a call in the view."""

from __future__ import annotations

from functools import partial

from ..http import Http
from ..rivals import ours
from ..row import OURS, Line, Row, at_least
from ..servers import Redis
from ..throughput import answers_a_second

BY_LINE = f"{OURS}, socket.subscribe"
BY_REDIS = f"{OURS}, Redis"
BY_LINE_BY_REDIS = f"{BY_LINE}, Redis"
CONNECTIONS = 8


def pages(rival, path, seconds):
    """Request a page again and again; return how many pages the server renders in a second."""
    with rival.start() as server:
        with Http(server.port) as http:
            headers, _ = http.request(path)
        cookie = headers["set-cookie"].partition(";")[0]
        askers = [Http(server.port) for _ in range(CONNECTIONS)]
        question = askers[0].question(path, Cookie=cookie)
        try:
            return {"speed": answers_a_second([(http, question) for http in askers], seconds)}
        finally:
            for http in askers:
                http.sock.close()


def pages_by_redis(path, seconds):
    with Redis() as redis:
        return pages(ours("redis", redis.url), path, seconds)


def rows(scale):
    seconds = max(0.5, 4 * scale.factor)
    return [
        Row(
            "subscribing",
            "Pages that are rendered and subscribed to a channel",
            {
                OURS: partial(pages, ours(), "/decorated/room", seconds),
                BY_LINE: partial(pages, ours(), "/page/room", seconds),
                BY_REDIS: partial(pages_by_redis, "/decorated/room", seconds),
                BY_LINE_BY_REDIS: partial(pages_by_redis, "/page/room", seconds),
            },
            [
                Line("speed", "by @subscribes, pages/s, memory", at_least(0.97, BY_LINE)),
                Line(
                    "speed",
                    "by @subscribes, pages/s, Redis",
                    at_least(0.97, BY_LINE_BY_REDIS),
                    BY_REDIS,
                ),
            ],
        )
    ]
