"""An app with async views and handlers."""

import asyncio

from flask import Flask

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config["REALTIME_ALLOW_CALLS"] = True
realtime = Realtime(app)
arrived = []


@app.get("/on/<channel>")
async def page(channel):
    await asyncio.sleep(0)
    realtime.socket.subscribe(channel)
    return "<body></body>"


@app.get("/meet")
async def meet_by_route():
    return await meet()


@realtime.handler("meet")
async def meet_by_message(message):
    return await meet()


async def meet():
    """Wait until two calls of this function are under way."""
    arrived.append(None)
    for _ in range(500):
        if len(arrived) >= 2:
            return {"met": True}
        await asyncio.sleep(0.01)
    return {"met": False}


@realtime.handler("alone")
async def alone(message):
    await asyncio.sleep(0.01)
    realtime.push("from an async handler", "room")
    return "done"
