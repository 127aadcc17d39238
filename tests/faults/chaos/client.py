"""A page that speaks the bundled client's protocol, and keeps all that it gets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from .http import request

LONGEST_PAUSE = 2.0
# The bundled client, too, notices a dead link within two ping intervals.
SILENCE_SECONDS = 4.0


async def load_all(pages, servers):
    """Load *pages*, at the same time.

    On a busy machine Redis may not answer in time. A page is lost then, which a browser would
    reload; all are loaded anew, fewer at the same time.
    """

    def lost():
        return sum(one.log().count("is rendered without being subscribed") for one in servers)

    before = lost()
    await asyncio.gather(*(page.load() for page in pages))
    if lost() != before:
        middle = len(pages) // 2
        for some in (pages[:middle], pages[middle:]):
            if some:
                await load_all(some, servers)


class Page:
    """One page: its channels, its positions, and what it got on each channel."""

    def __init__(self, port, channels, chance):
        self._port = port
        self.chance = chance
        #: For each channel, since when the page is subscribed to it.
        self.since = {}
        #: For each channel, the numbers in the order in which listeners of the page got them.
        self.numbers = {channel: [] for channel in channels}
        #: For each channel, after how many numbers the page was told that messages are lost, and
        #: when.
        self.lost = {channel: [] for channel in channels}
        #: For how many seconds the page hears nothing before it gives its socket up.
        self.silence = SILENCE_SECONDS
        self.repeats = self.resumes = 0
        #: The times at which the page was told that it is not known.
        self.unknown = []
        #: The reason if the client has given up for good, else None.
        self.ended = None
        self.last_at = time.monotonic()
        self.longest_gap = 0.0
        self._positions = {}
        self._seen = {channel: [] for channel in channels}
        self._cookie = self._id = None
        self._task = None

    async def load(self):
        """Render the page; try again until the server answers."""
        while True:
            try:
                status, headers, body = await request(
                    self._port, "GET", f"/page/{','.join(self.numbers)}"
                )
            except OSError:
                status = 0
            if status == 200:
                break
            await asyncio.sleep(0.2)
        self.since = dict.fromkeys(self.numbers, time.monotonic())
        self._cookie = headers["set-cookie"].partition(";")[0]
        self._id = re.search(rb'connection-id="([^"]+)"', body)[1].decode()
        return self

    @property
    def identity(self):
        """The port, the cookie and the connection id of this page."""
        return {"port": self._port, "cookie": self._cookie, "id": self._id}

    async def subscribe(self, channel):
        """Subscribe to one more channel; try again until the server says that it is done."""
        for one in (self.numbers, self.lost, self._seen):
            one[channel] = []
        self.since[channel] = float("inf")
        status = 0
        while status != 204:
            try:
                status, _, _ = await request(
                    self._port,
                    "POST",
                    f"/subscribe/{channel}",
                    Cookie=self._cookie,
                    X_Realtime_Connection_Id=self._id,
                )
            except OSError:
                await asyncio.sleep(0.2)
        self.since[channel] = time.monotonic()

    def lost_at(self, channel):
        """Return before which indexes of its numbers the page was told that messages are lost."""
        return {index for index, _ in self.lost[channel]}

    def start(self):
        self._task = asyncio.create_task(self._live())

    async def stop(self):
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def forget_last(self, channel, count):
        """Change the page's state as if the last *count* messages had not arrived."""
        for _ in range(count):
            self.numbers[channel].pop()
            self._seen[channel].pop()
        self._positions[channel] = self._seen[channel][-1]

    async def _live(self):
        failures = 0
        while True:
            opened = time.monotonic()
            with contextlib.suppress(OSError, WebSocketException, asyncio.TimeoutError):
                await self._be_open()
            failures = 0 if time.monotonic() - opened > 10 else failures + 1
            limit = min(LONGEST_PAUSE, 0.1 * 2**failures)
            await asyncio.sleep(self.chance.random() * limit)

    async def _be_open(self):
        address = f"ws://127.0.0.1:{self._port}/?socket_connection_id={self._id}&resume=1"
        async with connect(
            address,
            additional_headers={"Cookie": self._cookie},
            open_timeout=self.silence,
            close_timeout=0.2,
            ping_interval=self.silence / 2,
            ping_timeout=self.silence / 2,
            max_size=None,
        ) as socket:
            message = {"id": "0", "action": "resume", "positions": self._positions}
            await socket.send(json.dumps(message))
            async for text in socket:
                self._receive(json.loads(text))

    def hear(self, channel, payload):
        """Note a message that listeners of the page get."""
        self.numbers[channel].append(payload)
        now = time.monotonic()
        self.longest_gap = max(self.longest_gap, now - self.last_at)
        self.last_at = now

    def lose(self, channel):
        """Note that messages of *channel* are lost."""
        self.lost[channel].append((len(self.numbers[channel]), time.monotonic()))

    def _receive(self, message):
        if "channel" not in message:
            self._resumed(message)
            return
        channel, position = message["channel"], message["position"]
        if message.get("lost"):
            self._positions[channel] = position
            self.lose(channel)
            return
        if self._is_repeat(channel, position):
            self.repeats += 1
            return
        self._positions[channel] = position
        self._seen[channel].append(position)
        self.hear(channel, message["payload"])

    def _resumed(self, reply):
        assert reply["status"] == 200, reply
        self.resumes += 1
        if not reply["known"]:
            self.unknown.append(time.monotonic())

    def _is_repeat(self, channel, position):
        epoch, seq, _ = position.split(":")
        last = self._positions.get(channel, "::").split(":")
        return epoch == last[0] and int(seq) <= int(last[1])
