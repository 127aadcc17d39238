"""A TCP proxy whose links can be cut and frozen."""

from __future__ import annotations

import asyncio
import contextlib

READ_BYTES = 65_536


class Proxy:
    """Passes on what connects to its port to one of *targets*, in turn.

    :param targets: the ports behind it; those that refuse are passed over.
    """

    def __init__(self, targets):
        self._targets = list(targets)
        self._turn = 0
        self._links = set()
        self._thaw = asyncio.Event()
        self._thaw.set()
        self.port = None

    async def start(self):
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def cut(self, share, chance):
        """Abort that share of the links; how many."""
        chosen = [link for link in list(self._links) if chance.random() < share]
        for writers in chosen:
            for writer in writers:
                writer.transport.abort()
        return len(chosen)

    def freeze(self):
        """Let nothing through in either direction, and say nothing: packets vanish."""
        self._thaw.clear()

    def thaw(self):
        self._thaw.set()

    async def close(self):
        self.thaw()
        self._server.close()
        for writers in list(self._links):
            for writer in writers:
                writer.transport.abort()

    async def _pass_on(self, reader, writer):
        try:
            there = await self._connect()
        except asyncio.CancelledError:
            there = None
        if there is None:
            writer.transport.abort()
            return
        link = (writer, there[1])
        self._links.add(link)
        ways = [
            asyncio.create_task(self._copy(reader, there[1])),
            asyncio.create_task(self._copy(there[0], writer)),
        ]
        try:
            await asyncio.wait(ways)
        except asyncio.CancelledError:
            # The run is over; its loop ends what is left.
            for way in ways:
                way.cancel()
        finally:
            self._links.discard(link)
            for one in link:
                one.transport.abort()

    async def _connect(self):
        for _ in self._targets:
            self._turn += 1
            port = self._targets[self._turn % len(self._targets)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None

    async def _copy(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(READ_BYTES):
                await self._thaw.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
