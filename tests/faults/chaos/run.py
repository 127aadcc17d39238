"""One run of the chaos suite."""

from __future__ import annotations

import asyncio
import collections
import json
import random
import secrets
import time
from contextlib import ExitStack

from tests.eventually import eventually_in_loop

from .browsers import BrowserPage, Browsers
from .client import Page, load_all
from .faults import Faults
from .plan import Plan, schedule
from .proxy import Proxy
from .publisher import Numbers, by_publisher, by_view
from .servers import AppServer, Store

CHANNELS_PER_PAGE = 3
# The fraction of the pages that subscribe to one more channel while things are broken.
LATE_PART = 0.25


class Run:
    """One run: servers, pages and publishers, a schedule of faults, and what happened."""

    def __init__(self, plan: Plan, say=lambda line: None):
        self.plan = plan
        self.recoveries = collections.defaultdict(list)
        #: Seconds from the first fault to the last recovery.
        self.broken_for = 0.0
        #: The times at which data was lost on purpose.
        self.losses = []
        self.pages = []
        self.numbers = []
        self.logs = []
        self.faults = None
        self._say = say
        self._chance = random.Random(f"pages of {plan.seed}")
        self._store = Store(keeps=not plan.snapshots)
        self._servers = []
        self._pushing, self._subscribing = [], []
        self._browsers = None
        self._prefix = f"chaos-{secrets.token_hex(3)}"

    async def go(self):
        """Start everything, break things, let clients catch up; return self."""
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
        self._link = await Proxy([self._store.port]).start()
        url = f"redis://127.0.0.1:{self._link.port}/0"
        environ = {
            "REALTIME_REDIS": json.dumps(url),
            "REALTIME_REDIS_PREFIX": json.dumps(self._prefix),
            "REALTIME_REDIS_TIMEOUT_SECONDS": str(plan.patience),
            "REALTIME_PING_INTERVAL_SECONDS": "2",
            "REALTIME_DRAIN_SECONDS": "1",
            **plan.environ,
        }
        self._servers = [AppServer(environ) for _ in range(plan.servers)]
        for server in self._servers:
            server.start()
        await asyncio.gather(*(server.wait_until_ready() for server in self._servers))
        self._front = await Proxy([server.port for server in self._servers]).start()
        self.faults = Faults(self._servers, self._front, self._link, self._store, plan.snapshots)
        names = [f"channel-{number}" for number in range(plan.channels)]
        ways = [by_view(self._front.port), by_publisher(url, self._prefix)]
        self.numbers = [
            Numbers(name, ways[index % 2], random.Random(f"{plan.seed} {name}"), plan.pace)
            for index, name in enumerate(names)
        ]
        kinds = [Page] * plan.pages + [BrowserPage] * plan.browsers
        self.pages = [self._page(kind, index, names) for index, kind in enumerate(kinds)]
        self._browsers = Browsers(self.pages[plan.pages :])
        for start in range(0, len(self.pages), 50):
            await load_all(self.pages[start : start + 50], self._servers)
        for page in self.pages:
            page.start()
        if plan.browsers:
            await self._browsers.start()
        await eventually_in_loop(
            lambda: all(page.resumes for page in self.pages),
            lambda: f"Pages that have not come: {self._missing()}.",
        )
        self._pushing = [asyncio.create_task(numbers.run()) for numbers in self.numbers]
        if not plan.snapshots:
            # A Redis that goes back to a snapshot may lose a subscription that nobody else knows.
            self._subscribing = [
                asyncio.create_task(self._subscribe_late(page, names))
                for page in self.pages[: plan.pages]
            ]

    def _missing(self):
        return [
            f"{type(page).__name__} {index}"
            for index, page in enumerate(self.pages)
            if not page.resumes
        ]

    def _page(self, kind, index, names):
        chosen = self._chance.sample(names, CHANNELS_PER_PAGE)
        page = kind(self._front.port, chosen, random.Random(f"{self.plan.seed} {index}"))
        page.silence *= self.plan.patience
        return page

    async def _subscribe_late(self, page, names):
        if page.chance.random() < LATE_PART:
            name = page.chance.choice([one for one in names if one not in page.numbers])
            await asyncio.sleep(page.chance.random() * self.plan.seconds)
            await page.subscribe(name)

    async def _settle(self):
        await asyncio.gather(*self._subscribing)
        for numbers in self.numbers:
            numbers.stop()
        await asyncio.gather(*self._pushing)
        deadline = time.monotonic() + self.plan.settle
        while self._is_behind() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)

    def _is_behind(self):
        last = {one.channel: len(one.accepted) for one in self.numbers}
        return any(
            not numbers or numbers[-1] != last[channel]
            for page in self.pages
            for channel, numbers in page.numbers.items()
        )

    async def _tear_down(self):
        with ExitStack() as stack:
            # The stack closes all processes, whatever fails.
            stack.callback(self._store.close)
            for server in self._servers:
                stack.callback(server.close)
            for task in (*self._pushing, *self._subscribing):
                task.cancel()
            await asyncio.gather(*(page.stop() for page in self.pages))
            if self._browsers is not None and self.plan.browsers:
                await self._browsers.stop()
            for proxy in (getattr(self, "_front", None), getattr(self, "_link", None)):
                if proxy is not None:
                    await proxy.close()
            self.logs = [server.log() for server in self._servers]

    # Faults.

    async def _break_things(self):
        if self.plan.snapshots:
            self._store.take_snapshot()
        started = time.monotonic()
        for count, step in enumerate(schedule(self.plan, self.faults.kinds)):
            if self.broken_for >= self.plan.seconds and count >= self.plan.faults:
                return
            await asyncio.sleep(step.pause)
            if step.kind in ("go back to a snapshot", "empty Redis"):
                self.losses.append(time.monotonic())
            began = await self.faults(step)
            self.recoveries[step.kind].append(await self._recover(began))
            self.broken_for = time.monotonic() - started
            self._say(
                f"{self.broken_for:6.1f} s: {step.kind} ({step.part:.2f}), "
                f"recovered after {self.recoveries[step.kind][-1]:.2f} s"
            )

    async def _recover(self, began):
        """Return the seconds from *began* until every page has got a message that was pushed
        since."""
        ended = time.monotonic()
        while time.monotonic() - ended < self.plan.settle:
            if all(page.last_at > ended for page in self.pages):
                return time.monotonic() - began
            await asyncio.sleep(0.02)
        return float("inf")
