"""A small HTTP client for asyncio, with what the chaos suite needs."""

from __future__ import annotations

import asyncio

SECONDS = 6.0


async def request(port, method, path, body=b"", **headers):
    """Send one request on a connection of its own.

    :returns: status, headers (names in lower case) and body.
    :raises OSError: if no whole answer comes in time.
    """
    try:
        return await asyncio.wait_for(_request(port, method, path, body, headers), SECONDS)
    except (asyncio.TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
        raise ConnectionError(repr(error)) from None


async def _request(port, method, path, body, headers):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        found = {}
        for line in head[1:]:
            name, _, value = line.partition(": ")
            found[name.lower()] = value
        text = await reader.readexactly(int(found.get("content-length", 0)))
        return int(head[0].split()[1]), found, text
    finally:
        writer.transport.abort()
