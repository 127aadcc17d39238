"""The app with broadcast() of the websockets library, on asyncio."""

import asyncio
import json
import os
import sys
import time
from collections import defaultdict
from http import HTTPStatus

from messages import message_of
from websockets.asyncio.server import broadcast, serve

rooms = defaultdict(set)
tasks = set()


async def handle(websocket):
    room = rooms[websocket.request.path]
    room.add(websocket)
    try:
        async for text in websocket:
            await websocket.send(text)
    finally:
        room.discard(websocket)


def answer(connection, request):
    """Do what the routes of the Flask apps do."""
    action, *values = request.path.strip("/").split("/")
    if action == "ws":
        return None
    if action == "pid":
        return connection.respond(HTTPStatus.OK, json.dumps({"pid": os.getpid()}))
    if action == "burst":
        for number in range(int(values[0])):
            send(number, int(values[1]), values[2])
    if action == "paced":
        task = asyncio.create_task(pace(int(values[0]), float(values[1]), values[2]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    return connection.respond(HTTPStatus.OK, "")


async def pace(count, interval, room):
    due = time.monotonic()
    for number in range(count):
        due += interval
        await asyncio.sleep(max(0, due - time.monotonic()))
        send(number, 150, room)


def send(number, size, room):
    broadcast(rooms[f"/ws/{room}"], json.dumps(message_of(number, size)))


async def main(port):
    async with serve(handle, "127.0.0.1", port, process_request=answer, backlog=4096):
        await asyncio.Future()


asyncio.run(main(int(sys.argv[1])))
