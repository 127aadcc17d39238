"""Breaks servers, the links of clients, the links to Redis, and Redis."""

from __future__ import annotations

import asyncio
import random
import time

LONGEST_SILENCE = 5.0


class Faults:
    """Each fault breaks something, repairs it, and returns when the recovery began.

    :param servers: the servers.
    :param front: the proxy before the servers.
    :param link: the proxy before Redis.
    :param store: the Valkey.
    :param snapshots: whether Redis goes back to older snapshots, and not only restarts.
    """

    def __init__(self, servers, front, link, store, snapshots):
        self._servers = servers
        self._front = front
        self._link = link
        self._store = store
        self._by_kind = {
            "kill a server": self._kill_server,
            "stop a server": self._stop_server,
            "reload a server": self._reload_server,
            "suspend a server": self._suspend_server,
            "cut half of the clients": self._cut_clients,
            "freeze all clients": self._freeze_clients,
            "lose half of the clients' links": self._lose_clients,
            "cut Redis": self._cut_redis,
            "freeze Redis": self._freeze_redis,
            "lose the links to Redis": self._lose_redis,
            "kill the clients of Redis": self._kill_redis_clients,
        }
        if snapshots:
            self._by_kind["go back to a snapshot"] = self._go_back
            self._by_kind["empty Redis"] = self._empty_redis
        else:
            self._by_kind["restart Redis"] = self._restart_redis
        #: How many seconds servers took to stop.
        self.drains = []

    @property
    def kinds(self):
        return list(self._by_kind)

    async def __call__(self, step):
        """Break and repair what *step* says; return the time from which the recovery counts."""
        return await self._by_kind[step.kind](step.part) or time.monotonic()

    # Servers.

    async def _kill_server(self, part):
        began = time.monotonic()
        server = self._one_server(part)
        server.kill()
        await asyncio.sleep(part)
        server.start()
        await server.wait_until_ready()
        return began

    async def _stop_server(self, part):
        began = time.monotonic()
        server = self._one_server(part)
        self.drains.append(await server.terminate())
        server.start()
        await server.wait_until_ready()
        return began

    async def _reload_server(self, part):
        began = time.monotonic()
        self.drains.append(await self._one_server(part).reload())
        return began

    async def _suspend_server(self, part):
        server = self._one_server(part)
        server.suspend()
        await asyncio.sleep(1 + part * LONGEST_SILENCE)
        server.go_on()

    def _one_server(self, part):
        return self._servers[int(part * len(self._servers))]

    # Clients.

    async def _cut_clients(self, part):
        self._front.cut(0.5, random.Random(part))

    async def _freeze_clients(self, part):
        self._front.freeze()
        await asyncio.sleep(1 + part * LONGEST_SILENCE)
        self._front.thaw()

    async def _lose_clients(self, part):
        self._front.swallow(share=0.5, chance=random.Random(part))

    # Redis.

    async def _cut_redis(self, part):
        self._link.cut(1, random.Random(part))

    async def _freeze_redis(self, part):
        self._link.freeze([("up",), ("down",), ("up", "down")][int(part * 3)])
        await asyncio.sleep(1 + part * LONGEST_SILENCE)
        self._link.thaw()

    async def _lose_redis(self, part):
        self._link.swallow([("up",), ("down",), ("up", "down")][int(part * 3)])

    async def _kill_redis_clients(self, part):
        await asyncio.to_thread(self._store.kill_clients)

    async def _restart_redis(self, part):
        await asyncio.to_thread(self._store.kill if part < 0.5 else self._store.stop)
        await asyncio.sleep(part)
        await asyncio.to_thread(self._store.start)

    async def _go_back(self, part):
        await asyncio.to_thread(self._store.go_back)
        began = time.monotonic()
        await asyncio.sleep(1)
        await asyncio.to_thread(self._store.take_snapshot)
        return began

    async def _empty_redis(self, part):
        await asyncio.to_thread(self._store.restart_empty)
        began = time.monotonic()
        await asyncio.sleep(1)
        await asyncio.to_thread(self._store.take_snapshot)
        return began
