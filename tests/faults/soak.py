"""Loads pages, opens and drops sockets for minutes, and checks that nothing grows.

``python -m tests.faults.soak --minutes 10 --kind gevent`` prints by how much the memory, the
threads and the descriptors of the server, and the keys in Redis, grow in a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import time

import psutil
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.eventually import DEADLINE

from .chaos.http import request
from .scene import Scene

VISITORS = 30
# The average for each visitor. What the server holds depends on the rate of visits, which is
# steady.
SECONDS_PER_VISIT = 0.7
SAMPLE_SECONDS = 5.0
# The part of the run in which caches fill and the number of open sockets rises.
WARM_UP_PART = 0.3
# Clients and channels expire within seconds, so that many come and go during the run.
SETTINGS = {
    "CONNECT_TIMEOUT_SECONDS": 5,
    "DISCONNECT_TIMEOUT_SECONDS": 10,
    "HISTORY_TTL_SECONDS": 5,
    "HISTORY_SIZE": 50,
    "PING_INTERVAL_SECONDS": 5,
    "MAX_MESSAGES_PER_SECOND": None,
}
#: By which fraction a figure may grow during the run. So much is noise.
TOLERANCE = 0.05


async def visit(port, chance, counts):
    """Visit once: load a page with two channels, one of them new, and mostly open a socket, which
    ends in one of several ways."""
    names = f"hall,room-{chance.randrange(10**9)}"
    status, headers, body = await request(port, "GET", f"/page/{names}")
    counts["pages"] += status == 200
    way = chance.random()
    if way < 0.2:
        return
    cookie = headers["set-cookie"].partition(";")[0]
    page = body.split(b'connection-id="')[1].partition(b'"')[0].decode()
    address = f"ws://127.0.0.1:{port}/?socket_connection_id={page}&resume=1"
    socket = await connect(address, additional_headers={"Cookie": cookie}, open_timeout=DEADLINE)
    counts["sockets"] += 1
    await socket.send(json.dumps({"id": "0", "action": "resume", "positions": {}}))
    await request(port, "POST", f"/push/{names.split(',')[1]}?push_id={chance.random()}",
                  b'"hi"', Content_Type="application/json")  # fmt: skip
    for _ in range(chance.randrange(5)):
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "action": "sleep", "seconds": 0}))
    if way < 0.4:
        await request(port, "POST", f"/subscribe/more-{chance.randrange(10**9)}",
                      Cookie=cookie, X_Realtime_Connection_Id=page)  # fmt: skip
    if way < 0.7:
        socket.transport.abort()
    else:
        await socket.close()


async def visitor(port, number, counts):
    chance = random.Random(number)
    while True:
        due = time.monotonic() + chance.random() * 2 * SECONDS_PER_VISIT
        with contextlib.suppress(OSError, WebSocketException):
            await visit(port, chance, counts)
        await asyncio.sleep(due - time.monotonic())


async def push_for_all(port):
    number = 0
    while True:
        number += 1
        await request(port, "POST", f"/push/hall?push_id={number}", json.dumps(number).encode(),
                      Content_Type="application/json")  # fmt: skip
        await asyncio.sleep(0.1)


async def sample(scene, seconds):
    """Return one row of figures for every few seconds."""
    rows, started = [], time.monotonic()
    with scene.redis() as keys:
        while (at := time.monotonic() - started) < seconds:
            await asyncio.sleep(SAMPLE_SECONDS)
            _, _, body = await request(scene.server.port, "GET", "/health")
            health = json.loads(body)
            _, _, body = await request(scene.server.port, "GET", "/memory")
            held = json.loads(body)
            process = psutil.Process(health["pid"])
            # Keys of push ids are not counted: they live for five minutes, longer than all others
            # here.
            lasting = [key for key in keys.scan_iter(count=10_000) if ":push:" not in key]
            rows.append(
                {
                    "at": at,
                    "USS in KB": process.memory_full_info().uss / 1024,
                    "held of malloc in KB": held["malloc"] / 1024,
                    "held of Python, blocks": held["blocks"],
                    "threads or greenlets": health["threads"],
                    "descriptors": process.num_fds(),
                    "sockets": health["connections"],
                    "channels": health["channels"],
                    "keys in Redis": len(lasting),
                }
            )
    return rows


async def soak(scene, seconds):
    counts = {"pages": 0, "sockets": 0}
    port = scene.server.port
    tasks = [asyncio.create_task(visitor(port, number, counts)) for number in range(VISITORS)]
    tasks.append(asyncio.create_task(push_for_all(port)))
    rows = await sample(scene, seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return rows, counts


def slopes(rows):
    """Yield the name of each figure, its mean, its growth in a minute, and over how many minutes;
    the warm-up is left out."""
    warm = [row for row in rows if row["at"] > rows[-1]["at"] * WARM_UP_PART]
    minutes = [row["at"] / 60 for row in warm]
    for name in warm[0]:
        if name != "at":
            values = [row[name] for row in warm]
            slope = statistics.linear_regression(minutes, values).slope
            yield name, statistics.fmean(values), slope, minutes[-1] - minutes[0]


def hold_nothing_back():
    """Have the server's malloc return memory at once.

    With a cache and an arena for each thread, memory seems to grow for hours, until all of them are
    full.
    """
    os.environ["MALLOC_ARENA_MAX"] = "1"
    os.environ["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0"


def main():
    hold_nothing_back()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kind", default="gevent")
    options = parser.parse_args()
    with Scene(options.kind, options=("--threads", "200"), **SETTINGS) as scene:
        try:
            rows, counts = asyncio.run(soak(scene, options.minutes * 60))
        except OSError:
            print(scene.server.log()[-5000:])
            raise
    print(f"{options.kind}, {options.minutes:g} minutes: {counts}")
    grown = []
    for name, mean, slope, minutes in slopes(rows):
        print(f"{name:22} {mean:12.1f} on average, {slope:+10.2f} a minute")
        if slope * minutes > mean * TOLERANCE + 1:
            grown.append(name)
    print("grown: " + ", ".join(grown) if grown else "nothing grows")
    return bool(grown)


if __name__ == "__main__":
    sys.exit(main())
