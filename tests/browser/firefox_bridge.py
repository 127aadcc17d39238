"""Runs an older Firefox for Playwright, and answers commands that this Firefox does not know.

Playwright uses commands of WebDriver BiDi that only the newest Firefox has; Debian's Firefox ESR
has most of them. Playwright starts this program in place of Firefox, with the path of Firefox and
its arguments.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

LISTENS = re.compile(rb"WebDriver BiDi listening on ws://127\.0\.0\.1:(\d+)")
# Commands that only change how a page looks, so that the tests can do without them.
DISPENSABLE = re.compile(r"emulation\.|browsingContext\.setViewport")


async def main() -> None:
    process = await asyncio.create_subprocess_exec(*sys.argv[1:], stderr=asyncio.subprocess.PIPE)
    ports: asyncio.Queue[int] = asyncio.Queue()

    async def bridge(client):
        port = await ports.get()
        async with connect(f"ws://127.0.0.1:{port}/session", max_size=None, proxy=None) as server:
            asked = {}
            await asyncio.gather(forward(client, server, asked), back(server, client, asked))

    async with serve(bridge, "127.0.0.1", 0, max_size=None) as server:
        [socket] = server.sockets
        port = socket.getsockname()[1]
        while line := await process.stderr.readline():
            if found := LISTENS.search(line):
                ports.put_nowait(int(found[1]))
                line = LISTENS.sub(b"WebDriver BiDi listening on ws://127.0.0.1:%d" % port, line)
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()
    sys.exit(await process.wait())


async def forward(client, server, asked):
    async for text in client:
        message = json.loads(text)
        asked[message["id"]] = message["method"]
        await server.send(text)
    await server.close()


async def back(server, client, asked):
    async for text in server:
        message = json.loads(text)
        method = asked.pop(message.get("id"), "")
        if message.get("error") == "unknown command" and DISPENSABLE.match(method):
            text = json.dumps({"type": "success", "id": message["id"], "result": {}})
        await client.send(text)
    await client.close()


if __name__ == "__main__":
    asyncio.run(main())
