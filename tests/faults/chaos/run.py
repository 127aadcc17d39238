"""One run: a schedule of faults from a seed, and what came of it."""

from __future__ import annotations

import asyncio
import collections
import json
import random
import secrets
import statistics
import time
from dataclasses import dataclass, field

from .client import Page
from .proxy import Proxy
from .publisher import Numbers, by_publisher, by_view
from .servers import AppServer, Store

SETTLE_SECONDS = 45.0
CHANNELS_PER_PAGE = 3


@dataclass
class Plan:
    """How large a run is.

    :param snapshots: Redis goes back to older snapshots; else it keeps its data.
    """

    seed: int = 1
    seconds: float = 20.0
    clients: int = 200
    channels: int = 20
    servers: int = 3
    snapshots: bool = False
    pace: float = 10.0
    pause: float = 1.5
    environ: dict = field(default_factory=dict)


class Run:
    """Everything of one run."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.faults = collections.Counter()
        self.recoveries = collections.defaultdict(list)
        self.drains = []
        self._chance = random.Random(plan.seed)
        self._store = Store(keeps=not plan.snapshots)
        self._servers = []
        self._numbers = []
        self.pages = []
        self._prefix = f"chaos-{secrets.token_hex(3)}"

    async def go(self):
        """Set up, break things, let them settle; returns self."""
        try:
            await self._set_up()
            await self._break_things()
            await self._settle()
        finally:
            await self._tear_down()
        return self

    # Before and after.

    async def _set_up(self):
        plan = self.plan
        self._store.start()
        self._redis = await Proxy([self._store.port]).start()
        url = f"redis://127.0.0.1:{self._redis.port}/0"
        environ = {
            "REALTIME_REDIS": json.dumps(url),
            "REALTIME_REDIS_PREFIX": json.dumps(self._prefix),
            "REALTIME_REDIS_TIMEOUT_SECONDS": "1",
            "REALTIME_PING_INTERVAL_SECONDS": "2",
            "REALTIME_DRAIN_SECONDS": "1",
            **plan.environ,
        }
        self._servers = [AppServer(environ) for _ in range(plan.servers)]
        for server in self._servers:
            server.start()
        await asyncio.gather(*(server.wait_until_ready() for server in self._servers))
        self._front = await Proxy([server.port for server in self._servers]).start()
        names = [f"channel-{number}" for number in range(plan.channels)]
        ways = [by_view(self._front.port), by_publisher(url, self._prefix)]
        self._numbers = [
            Numbers(name, ways[index % 2], random.Random(plan.seed + index), plan.pace)
            for index, name in enumerate(names)
        ]
        self.pages = [
            Page(
                self._front.port,
                self._chance.sample(names, CHANNELS_PER_PAGE),
                random.Random(plan.seed * 1000 + index),
            )
            for index in range(plan.clients)
        ]
        await self._load(self.pages)
        self._publishing = [asyncio.create_task(numbers.run()) for numbers in self._numbers]

    async def _load(self, pages):
        for start in range(0, len(pages), 50):
            await asyncio.gather(*(page.load() for page in pages[start : start + 50]))
        for page in pages:
            page.start()

    async def _settle(self):
        for numbers in self._numbers:
            numbers.stop()
        await asyncio.gather(*self._publishing)
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._behind() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)

    def _behind(self):
        last = {one.channel: len(one.accepted) for one in self._numbers}
        return [
            (page, channel)
            for page in self.pages
            for channel, numbers in page.numbers.items()
            if not numbers or numbers[-1] != last[channel]
        ]

    async def _tear_down(self):
        await asyncio.gather(*(page.stop() for page in self.pages))
        for proxy in (getattr(self, "_front", None), getattr(self, "_redis", None)):
            if proxy is not None:
                await proxy.close()
        self.logs = [server.log() for server in self._servers]
        for server in self._servers:
            server.close()
        self._store.close()

    # Faults.

    async def _break_things(self):
        kinds = [
            self._kill_server,
            self._stop_server,
            self._cut_clients,
            self._freeze_clients,
            self._cut_redis,
            self._freeze_redis,
            self._kill_redis_clients,
            self._go_back if self.plan.snapshots else self._restart_redis,
        ]
        if self.plan.snapshots:
            self._store.take_snapshot()
        ends = time.monotonic() + self.plan.seconds
        order = []
        while time.monotonic() < ends:
            if not order:
                # Each kind as often as any other, in an order of chance.
                order = self._chance.sample(kinds, len(kinds))
            await asyncio.sleep(self._chance.random() * 2 * self.plan.pause)
            fault = order.pop()
            began = time.monotonic()
            await fault()
            name = fault.__name__.strip("_").replace("_", " ")
            self.faults[name] += 1
            self.recoveries[name].append(await self._recover(began))

    async def _recover(self, began):
        """Seconds from the fault's begin until every page has had something pushed after it."""
        ended = time.monotonic()
        while time.monotonic() - ended < SETTLE_SECONDS:
            if all(page.last_at > ended for page in self.pages):
                return max(page.last_at for page in self.pages) and time.monotonic() - began
            await asyncio.sleep(0.02)
        return float("inf")

    async def _kill_server(self):
        server = self._chance.choice(self._servers)
        server.kill()
        await asyncio.sleep(self._chance.random())
        server.start()
        await server.wait_until_ready()

    async def _stop_server(self):
        server = self._chance.choice(self._servers)
        self.drains.append(await server.terminate())
        server.start()
        await server.wait_until_ready()

    async def _cut_clients(self):
        self._front.cut(0.5, self._chance)

    async def _freeze_clients(self):
        self._front.freeze()
        await asyncio.sleep(1 + 4 * self._chance.random())
        self._front.thaw()

    async def _cut_redis(self):
        self._redis.cut(1, self._chance)

    async def _freeze_redis(self):
        self._redis.freeze()
        await asyncio.sleep(1 + 4 * self._chance.random())
        self._redis.thaw()

    async def _kill_redis_clients(self):
        await asyncio.to_thread(self._store.kill_clients)

    async def _restart_redis(self):
        stop = self._chance.choice([self._store.stop, self._store.kill])
        await asyncio.to_thread(stop)
        await asyncio.sleep(self._chance.random())
        await asyncio.to_thread(self._store.start)

    async def _go_back(self):
        await asyncio.to_thread(self._store.go_back)
        await asyncio.sleep(1)
        await asyncio.to_thread(self._store.take_snapshot)

    # What came of it.

    def complaints(self):
        """What is wrong, as sentences; an empty list is what one wants."""
        found = []
        by_channel = {one.channel: one for one in self._numbers}
        for index, page in enumerate(self.pages):
            for channel, numbers in page.numbers.items():
                where = f"page {index}, {channel}"
                found += [
                    f"{where}: {one}" for one in check(numbers, page.lost[channel],
                                                       by_channel[channel], page.rendered_at)
                ]  # fmt: skip
                if page.lost[channel] and not self.plan.snapshots:
                    found.append(f"{where}: told lost, and nothing was")
        found += [
            f"server {index}: {line}"
            for index, log in enumerate(self.logs)
            for line in tracebacks(log)
        ]
        return found

    def report(self):
        """What the run did, as text."""
        pushed = sum(len(one.accepted) for one in self._numbers)
        lines = [
            f"seed {self.plan.seed}, {self.plan.clients} clients, {self.plan.channels} channels, "
            f"{self.plan.servers} servers, "
            f"{'snapshots' if self.plan.snapshots else 'data kept'}",
            f"pushed {pushed}, repeated {sum(one.repeated for one in self._numbers)} times, "
            f"delivered {sum(len(n) for page in self.pages for n in page.numbers.values())}",
            f"resumed {sum(page.resumes for page in self.pages)} times, "
            f"lost told {sum(len(n) for page in self.pages for n in page.lost.values())} times, "
            f"unknown {sum(page.unknown for page in self.pages)}, "
            f"repeats dropped {sum(page.repeats for page in self.pages)}, "
            f"longest gap {max(page.longest_gap for page in self.pages):.1f} s",
        ]
        lines += [
            f"{count:4} x {name}: recovered after {statistics.median(self.recoveries[name]):.2f} s "
            f"(worst {max(self.recoveries[name]):.2f})"
            for name, count in sorted(self.faults.items())
        ]
        if self.drains:
            lines.append(f"servers stopped within {max(self.drains):.1f} s")
        return "\n".join(lines)


def check(numbers, lost, published, rendered_at):
    """What is wrong with what one page had of one channel."""
    accepted = len(published.accepted)
    if not numbers or numbers[-1] != accepted:
        yield f"ends at {numbers[-1] if numbers else None} of {accepted}"
    if numbers and not lost:
        late = [n for n, began in enumerate(published.began, 1) if began > rendered_at]
        if late and numbers[0] > late[0]:
            yield f"begins at {numbers[0]}, and {late[0]} was pushed after the page"
    for index in range(1, len(numbers)):
        step = numbers[index] - numbers[index - 1]
        if step != 1 and (step < 1 or index not in lost):
            yield f"{numbers[index - 1]} is followed by {numbers[index]}"


def tracebacks(log):
    """The last lines of the tracebacks in a server's log, but those of a registry away."""
    for piece in log.split("Traceback (most recent call last)")[1:]:
        lines = [line for line in piece.splitlines() if line and not line.startswith(" ")]
        if lines and "RegistryUnavailable" not in lines[0]:
            yield lines[0]
