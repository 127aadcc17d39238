"""Publishers that push one number after another, each until it is accepted."""

from __future__ import annotations

import asyncio
import json
import time
import uuid

from flask_realtime import Publisher, RegistryUnavailable

from .http import request


class Numbers:
    """Pushes 1, 2, 3 … to one channel, in order; a push that fails is repeated with its push id.

    :param channel: the channel's name.
    :param push: a coroutine function that pushes once, and returns whether the push was accepted.
    :param chance: for the pauses.
    :param pace: pushes per second, on average.
    """

    def __init__(self, channel, push, chance, pace):
        self.channel = channel
        #: When the first attempt of each number began, and when the number was accepted.
        self.began = []
        self.accepted = []
        self.repeated = 0
        self._push = push
        self._chance = chance
        self._pace = pace
        self._stops = False

    async def run(self):
        while not self._stops:
            await self._push_next()
            await asyncio.sleep(self._chance.expovariate(self._pace))
        # One more push, so that pages which subscribed last hear something too.
        await self._push_next()

    def stop(self):
        self._stops = True

    async def _push_next(self):
        number, push_id = len(self.began) + 1, uuid.uuid4().hex
        self.began.append(time.monotonic())
        while not await self._push(self.channel, number, push_id):
            self.repeated += 1
            await asyncio.sleep(0.1)
        self.accepted.append(time.monotonic())


def by_view(port):
    """Return a function that pushes by a view of the app, on any server."""

    async def push(channel, number, push_id):
        try:
            status, _, _ = await request(
                port,
                "POST",
                f"/push/{channel}?push_id={push_id}",
                json.dumps(number).encode(),
                Content_Type="application/json",
            )
        except OSError:
            return False
        return status == 204

    return push


def by_publisher(url, prefix):
    """Return a function that pushes by a Publisher, which needs only Redis."""
    publisher = Publisher(url, prefix=prefix, timeout=1.0)

    async def push(channel, number, push_id):
        try:
            await asyncio.to_thread(publisher.push, number, channel, push_id=push_id)
        except RegistryUnavailable:
            return False
        return True

    return push
