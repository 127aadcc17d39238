"""The bundled client itself, in Node, for a part of the pages."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import pathlib
import shutil
import subprocess
import time

from .client import Page

SCRIPT = pathlib.Path(__file__).with_suffix(".mjs")
# Node 20 and 21 have a WebSocket only if they are asked for it; older ones have none.
OPTIONS = ("--no-warnings", "--experimental-websocket")


@functools.cache
def has_node():
    """Whether there is a Node that can be a browser here."""
    node = shutil.which("node")
    check = "process.exit(typeof WebSocket === 'function' ? 0 : 1)"
    return node is not None and (
        subprocess.run([node, *OPTIONS, "-e", check], capture_output=True).returncode == 0
    )


class BrowserPage(Page):
    """A page whose client is in Node: what it hears is told by :class:`Browsers`."""

    def start(self):
        """Nothing: Node is told of all pages at once."""

    async def stop(self):
        """Nothing: Node ends with its standard input."""

    def told(self, what, detail):
        if what == "heard":
            self.hear(detail["channel"], detail["payload"])
        elif what == "resumed":
            self.resumes += 1
        elif what == "lost":
            for channel in detail:
                self.lose(channel)
            if not detail:
                self.unknown.append(time.monotonic())
        else:
            self.ended = detail


class Browsers:
    """One Node, which runs the clients of *pages*."""

    def __init__(self, pages):
        self._pages = pages
        self._process = self._reading = None

    async def start(self):
        self._process = await asyncio.create_subprocess_exec(
            "node",
            *OPTIONS,
            str(SCRIPT),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
        for page in self._pages:
            line = {**page.identity, "channels": list(page.numbers)}
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
        self._reading = asyncio.create_task(self._read())

    async def stop(self):
        self._process.stdin.close()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._process.wait(), 5)
        if self._process.returncode is None:
            self._process.kill()
        await self._reading

    async def _read(self):
        async for line in self._process.stdout:
            told = json.loads(line)
            self._pages[told["index"]].told(told["what"], told["detail"])
