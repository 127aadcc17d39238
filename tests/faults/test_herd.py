"""All clients of a killed process come back at the same time."""

import asyncio
import json
import random

import redis

from flask_realtime import Publisher
from tests.eventually import DEADLINE, eventually_in_loop

from .chaos.client import Page
from .chaos.servers import AppServer

CLIENTS = 300
MESSAGES = 60


def test_a_herd_is_served_from_the_tail_of_the_process(redis_url):
    """Three hundred clients come back at 50 different positions, and the log is read a few times
    for all of them."""
    pages, reads = asyncio.run(come_back(redis_url))

    assert [page.numbers["room"] for page in pages] == [list(range(1, 2 * MESSAGES + 1))] * CLIENTS
    # A client that comes from further back than all before it causes a read of two or three ranges.
    # Among 50 positions in random order that happens 5 times on average, and 20 times in less than
    # one of a million runs.
    assert reads < 60


async def come_back(redis_url):
    """Run the story.

    :returns: the pages, and how often logs were read after the process was killed.
    """
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
            # On a busy machine three hundred handshakes take longer than a page waits for one, and
            # pages that give up and come back would keep the server from all others.
            page.silence = DEADLINE
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
    """Return whether each page has got that number last."""
    return all(page.numbers["room"][-1:] == [number] for page in pages)


def scatter(pages):
    """Make each page forget a different number of its last messages."""
    for index, page in enumerate(pages):
        page.forget_last("room", index % 50)


def range_calls(redis_url):
    """Return how often Redis was asked for a range of a log, also by scripts."""
    with redis.Redis.from_url(redis_url) as client:
        return client.info("commandstats").get("cmdstat_xrange", {}).get("calls", 0)
