"""Runs the chaos suite's proxy on a thread, for tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import random
import threading

from tests.eventually import DEADLINE

from .chaos.proxy import BOTH, Proxy


class Tunnel:
    """A proxy to the port *target*, on a thread; see :class:`~tests.faults.chaos.proxy.Proxy`."""

    def __init__(self, target):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._proxy = self._run(self._start(target))
        self.port = self._proxy.port

    @property
    def held(self):
        return self._proxy.held

    def cut(self):
        return self._call(self._proxy.cut, 1, random.Random(1))

    def freeze(self, ways=BOTH):
        self._call(self._proxy.freeze, ways)

    def thaw(self):
        self._call(self._proxy.thaw)

    def swallow(self, ways=BOTH):
        self._call(self._proxy.swallow, ways)

    def lead_to(self, target):
        return self._call(self._proxy.lead_to, target)

    def close(self):
        self._run(self._proxy.close())
        self._run(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    async def _start(self, target):
        return await Proxy([target]).start()

    async def _cancel_all(self):
        tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _call(self, function, *arguments):
        async def call():
            return function(*arguments)

        return self._run(call())

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)
