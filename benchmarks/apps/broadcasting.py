"""The same with the websockets library: its broadcast(), on one asyncio loop."""

import asyncio
import json
import os
import sys
import time
from http import HTTPStatus

from naive import filler
from websockets.asyncio.server import broadcast, serve

room = set()
tasks = set()


async def handle(websocket):
    room.add(websocket)
    try:
        async for text in websocket:
            await websocket.send(text)
    finally:
        room.discard(websocket)


def answer(connection, request):
    """What the Flask apps answer to POSTs; this library reads GETs alone, so the client sends
    those here too."""
    parts = request.path.strip("/").split("/")
    if parts[0] == "ws":
        return None
    if parts[0] == "pid":
        return reply(connection, json.dumps({"pid": os.getpid()}))
    if parts[0] == "burst":
        for number in range(int(parts[1])):
            send(number, int(parts[2]))
    else:
        task = asyncio.create_task(pace(int(parts[1]), float(parts[2])))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    return reply(connection, "")


def reply(connection, body):
    return connection.respond(HTTPStatus.OK, body)


async def pace(count, interval):
    due = time.monotonic()
    for number in range(count):
        due += interval
        await asyncio.sleep(max(0, due - time.monotonic()))
        send(number, 150)


def send(number, size):
    text = json.dumps({"number": number, "at": time.monotonic(), "text": ""})
    message = {"number": number, "at": time.monotonic(), "text": filler(size - len(text))}
    broadcast(room, json.dumps(message))


async def main(port):
    async with serve(handle, "127.0.0.1", port, process_request=answer, backlog=4096):
        await asyncio.Future()


asyncio.run(main(int(sys.argv[1])))
