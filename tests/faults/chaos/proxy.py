"""A TCP proxy whose links can be cut, frozen, or left half open."""

from __future__ import annotations

import asyncio
import contextlib
import random

READ_BYTES = 65_536
#: Both directions, as the side that connected sees them.
BOTH = ("up", "down")


class Link:
    """One connection through the proxy, and in which directions its packets vanish."""

    def __init__(self, outer, inner):
        self.writers = {"up": inner, "down": outer}
        self.swallows = set()

    def abort(self):
        for writer in self.writers.values():
            writer.transport.abort()


class Proxy:
    """Passes each connection on to one of *targets*, in turn.

    :param targets: ports; those that refuse a connection are skipped.
    """

    def __init__(self, targets):
        self._targets = list(targets)
        self._turn = 0
        self._links = set()
        self._gates = {way: asyncio.Event() for way in BOTH}
        self.thaw()
        self.port = None
        #: How many pieces of data :meth:`freeze` has held up so far.
        self.held = 0

    async def start(self):
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, backlog=4000)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def cut(self, share, chance):
        """Abort a random *share* of the links; return how many."""
        chosen = [link for link in list(self._links) if chance.random() < share]
        for link in chosen:
            link.abort()
        return len(chosen)

    def freeze(self, ways=BOTH):
        """Let nothing through until :meth:`thaw`, without closing anything."""
        for way in ways:
            self._gates[way].clear()

    def thaw(self):
        for gate in self._gates.values():
            gate.set()

    def swallow(self, ways=BOTH, share=1, chance=random):
        """Drop the packets of a random *share* of the links without closing them.

        New links work.
        """
        for link in self._links:
            if chance.random() < share:
                link.swallows.update(ways)

    def lead_to(self, target):
        """Pass later connections on to the port *target*; those that are open stay as they are."""
        self._targets = [target]

    async def close(self):
        self.thaw()
        self._server.close()
        for link in list(self._links):
            link.abort()

    async def _pass_on(self, reader, writer):
        try:
            there = await self._connect()
        except asyncio.CancelledError:
            there = None
        if there is None:
            writer.transport.abort()
            return
        link = Link(writer, there[1])
        self._links.add(link)
        ways = [
            asyncio.create_task(self._copy(link, "up", reader)),
            asyncio.create_task(self._copy(link, "down", there[0])),
        ]
        try:
            await asyncio.wait(ways)
        except asyncio.CancelledError:
            # The run is over, and its event loop ends both tasks.
            for way in ways:
                way.cancel()
        finally:
            self._links.discard(link)
            link.abort()

    async def _connect(self):
        for _ in self._targets:
            self._turn += 1
            port = self._targets[self._turn % len(self._targets)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None

    async def _copy(self, link, way, reader):
        writer = link.writers[way]
        with contextlib.suppress(OSError):
            while data := await reader.read(READ_BYTES):
                self.held += not self._gates[way].is_set()
                await self._gates[way].wait()
                if way not in link.swallows:
                    writer.write(data)
                    await writer.drain()
            if way not in link.swallows and writer.can_write_eof():
                writer.write_eof()
