"""Some of the pages use the bundled JavaScript client, in Node."""

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
# Node 20 and 21 have WebSocket behind this option; older versions do not have it.
OPTIONS = ("--no-warnings", "--experimental-websocket")


@functools.cache
def has_node():
    """Return whether there is a Node with WebSocket."""
    node = shutil.which("node")
    check = "process.exit(typeof WebSocket === 'function' ? 0 : 1)"
    return node is not None and (
        subprocess.run([node, *OPTIONS, "-e", check], capture_output=True).returncode == 0
    )


class BrowserPage(Page):
    """A page whose client runs in Node; :class:`Browsers` passes on what it hears."""

    def start(self):
        """Do nothing: Node is told of all pages at once."""

    async def stop(self):
        """Do nothing: Node ends when its standard input is closed."""

    def told(self, what, detail):
        """Note what Node reports about this page.

        :param what: the kind of report: ``heard``, ``resumed``, ``lost`` or ``closed``.
        """
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
    """A Node process that runs the clients of *pages*."""

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
