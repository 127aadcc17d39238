"""Publishers that push number after number, each until it has been accepted."""

from __future__ import annotations

import asyncio
import json
import time
import uuid

from flask_realtime import Publisher, RegistryUnavailable

from .http import request


class Numbers:
    """Pushes 1, 2, 3 … down one channel, in order; a push of unknown outcome is repeated with its
    push id.

    :param push: awaits the outcome of one push: True if it was accepted.
    """

    def __init__(self, channel, push, chance, pace):
        self.channel = channel
        #: When each number's first attempt began, and when it was accepted.
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
        # Who has subscribed at last shall have something to hear.
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
    """Push by a view of the app, on whichever server."""

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
    """Push with nothing but Redis."""
    publisher = Publisher(url, prefix=prefix, timeout=1.0)

    async def push(channel, number, push_id):
        try:
            await asyncio.to_thread(publisher.push, number, channel, push_id=push_id)
        except RegistryUnavailable:
            return False
        return True

    return push
