"""The app with Django Channels, with a layer in memory or in Redis."""

import asyncio
import json
import os
import time

import channels_layer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path
from messages import message_of

channels_layer.configure()
tasks = set()


class Consumer(AsyncWebsocketConsumer):
    async def connect(self):
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        await self.send(text_data)

    async def message(self, event):
        await self.send(event["text"])


async def answer(scope, receive, send):
    body = await work(*scope["path"].strip("/").split("/"))
    length = str(len(body)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": body})


async def work(action, *values):
    if action == "pid":
        return json.dumps({"pid": os.getpid()}).encode()
    if action == "burst":
        for number in range(int(values[0])):
            await push(number, int(values[1]), values[2])
    if action == "paced":
        task = asyncio.create_task(pace(int(values[0]), float(values[1]), values[2]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    return b""


async def pace(count, interval, room):
    due = time.monotonic()
    for number in range(count):
        due += interval
        await asyncio.sleep(max(0, due - time.monotonic()))
        await push(number, 150, room)


async def push(number, size, room):
    text = json.dumps(message_of(number, size))
    await get_channel_layer().group_send(room, {"type": "message", "text": text})


app = ProtocolTypeRouter(
    {
        "http": answer,
        "websocket": URLRouter([path("ws/<room>", Consumer.as_asgi())]),
    }
)
