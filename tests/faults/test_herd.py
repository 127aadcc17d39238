"""All clients of a process come back at once, after it was killed."""

import asyncio
import json
import random

import redis

from flask_realtime import Publisher
from tests.eventually import eventually_in_loop

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
        await eventually_in_loop(lambda: have_heard(pages, MESSAGES))
        server.kill()
        for number in range(MESSAGES + 1, 2 * MESSAGES + 1):
            await asyncio.to_thread(publisher.push, number, "room")
        scatter(pages)
        before = range_calls(redis_url)
        server.start()
        await eventually_in_loop(lambda: have_heard(pages, 2 * MESSAGES))
        return pages, range_calls(redis_url) - before
    finally:
        await asyncio.gather(*(page.stop() for page in pages))
        publisher.close()
        server.close()


def have_heard(pages, number):
    """Whether that number is the last one that each page was given."""
    return all(page.numbers["room"][-1:] == [number] for page in pages)


def scatter(pages):
    """As if each page had got a different number of the last messages."""
    for index, page in enumerate(pages):
        page.forget_last("room", index % 50)


def range_calls(redis_url):
    """How often Redis was asked for a range of a log, from scripts too."""
    with redis.Redis.from_url(redis_url) as client:
        return client.info("commandstats").get("cmdstat_xrange", {}).get("calls", 0)
