"""All clients of a killed process come back at the same time."""

import asyncio
import collections
import json
import random

import redis

from flask_realtime import Publisher
from tests.eventually import DEADLINE, eventually_in_loop

from .chaos.client import Page
from .chaos.servers import AppServer

CLIENTS = 100
MESSAGES = 60


def test_a_herd_is_served_from_the_tail_of_the_process(redis_url):
    """Clients come back at 50 different positions, and the log is read a few times for all of
    them."""
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
    environ = {
        "REALTIME_REDIS": json.dumps(redis_url),
        "REALTIME_REDIS_PREFIX": '"herd"',
        # On a busy machine so many questions at once take longer than an app usually waits
        # for Redis. Pages are then rendered without being subscribed, and these do not reload.
        "REALTIME_REDIS_TIMEOUT_SECONDS": json.dumps(DEADLINE),
    }
    server = AppServer(environ)
    publisher, pages = Publisher(redis_url, prefix="herd", timeout=DEADLINE), []
    server.start()
    try:
        await server.wait_until_ready()
        pages = [Page(server.port, ["room"], random.Random(seed)) for seed in range(CLIENTS)]
        await asyncio.gather(*(page.load() for page in pages))
        for number in range(1, MESSAGES + 1):
            await asyncio.to_thread(publisher.push, number, "room")
        for page in pages:
            # On a busy machine so many handshakes take longer than a page waits for one, and
            # pages that give up and come back would keep the server from all others.
            page.silence = DEADLINE
            page.start()
        await wait_until_heard(MESSAGES, pages, server)
        server.kill()
        for number in range(MESSAGES + 1, 2 * MESSAGES + 1):
            await asyncio.to_thread(publisher.push, number, "room")
        scatter(pages)
        before = range_calls(redis_url)
        server.start()
        await wait_until_heard(2 * MESSAGES, pages, server)
        return pages, range_calls(redis_url) - before
    finally:
        await asyncio.gather(*(page.stop() for page in pages))
        publisher.close()
        server.close()


async def wait_until_heard(number, pages, server):
    """Wait until each page has got that number last; each may take as long as any event."""
    for page in pages:
        await eventually_in_loop(
            lambda heard=page.numbers["room"]: heard[-1:] == [number],
            lambda: late(pages, server),
        )


def late(pages, server):
    """Return how far the pages are, and what the server logged last."""
    states = collections.Counter(
        (str(page.numbers["room"][-1:]), page.resumes, len(page.unknown)) for page in pages
    )
    return f"(last number, resumed, not known): {states}\n{server.log()[-5_000:]}"


def scatter(pages):
    """Make each page forget a different number of its last messages."""
    for index, page in enumerate(pages):
        page.forget_last("room", index % 50)


def range_calls(redis_url):
    """Return how often Redis was asked for a range of a log, also by scripts."""
    with redis.Redis.from_url(redis_url) as client:
        return client.info("commandstats").get("cmdstat_xrange", {}).get("calls", 0)
