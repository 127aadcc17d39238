"""All clients of a process come back at once, after it was killed."""

import asyncio
import json
import random

import redis

from flask_realtime import Publisher

from .chaos.client import Page
from .chaos.servers import AppServer

CLIENTS = 300
MESSAGES = 60


def test_a_herd_is_served_from_the_tail_of_the_process(redis_url):
    """However many come back, and from however many places of a log, a few read it for all."""
    pages, reads = asyncio.run(come_back(redis_url))

    assert [page.numbers["room"] for page in pages] == [list(range(1, 2 * MESSAGES + 1))] * CLIENTS
    # Whoever comes from further back than all before has more of it read, in two or three ranges:
    # of 50 places in any order that is 5 times on average, and not 20 in a million runs.
    assert reads < 60


async def come_back(redis_url):
    """The pages, and how often logs were read since their process was killed."""
    server = AppServer({"REALTIME_REDIS": json.dumps(redis_url), "REALTIME_REDIS_PREFIX": '"herd"'})
    publisher, pages = Publisher(redis_url, prefix="herd"), []
    server.start()
    try:
        await server.wait_until_ready()
        pages = [Page(server.port, ["room"], random.Random(seed)) for seed in range(CLIENTS)]
        await asyncio.gather(*(page.load() for page in pages))
        for number in range(1, MESSAGES + 1):
            await asyncio.to_thread(publisher.push, number, "room")
        for page in pages:
            page.start()
        await until(lambda: all(page.numbers["room"][-1:] == [MESSAGES] for page in pages))
        server.kill()
        for number in range(MESSAGES + 1, 2 * MESSAGES + 1):
            await asyncio.to_thread(publisher.push, number, "room")
        scatter(pages)
        before = range_calls(redis_url)
        server.start()
        await until(lambda: all(page.numbers["room"][-1] == 2 * MESSAGES for page in pages))
        return pages, range_calls(redis_url) - before
    finally:
        await asyncio.gather(*(page.stop() for page in pages))
        publisher.close()
        server.close()


def scatter(pages):
    """As if each page had got a different number of the last messages."""
    for index, page in enumerate(pages):
        page.forget_last("room", index % 50)


def range_calls(redis_url):
    """How often Redis was asked for a range of a log, from scripts too."""
    with redis.Redis.from_url(redis_url) as client:
        return client.info("commandstats").get("cmdstat_xrange", {}).get("calls", 0)


async def until(is_so, seconds=20):
    for _ in range(seconds * 50):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("It was not so in time.")
