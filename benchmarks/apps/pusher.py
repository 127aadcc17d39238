"""A process that pushes through Redis: ``pusher.py KIND REDIS CHANNELS COUNT``.

Prints a line when it is ready, waits for a line, pushes COUNT messages to CHANNELS channels in
turn, and prints how many seconds that took.
"""

import asyncio
import os
import sys
import time

from messages import message_of


def main(kind, redis_url, channels, count):
    messages = [message_of(number, 150) for number in range(count)]
    names = [f"channel-{number % channels}" for number in range(count)]
    push = KINDS[kind](redis_url)
    # The first push, which opens the connection, is not measured.
    push([(messages[0], "elsewhere")])
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    push(list(zip(messages, names, strict=True)))
    print(time.monotonic() - began, flush=True)


def one_by_one(redis_url):
    realtime = extension(redis_url)

    def push(pairs):
        for message, channel in pairs:
            realtime.push(message, channel)

    return push


def at_once(redis_url):
    """Push from 50 threads, as that many views would."""
    from concurrent.futures import ThreadPoolExecutor

    realtime = extension(redis_url)
    threads = ThreadPoolExecutor(50)

    def push(pairs):
        list(threads.map(lambda pair: realtime.push(*pair), pairs))

    return push


def many(redis_url):
    return in_thousands(extension(redis_url).push_many)


def publisher(redis_url):
    from flask_realtime import Publisher

    return in_thousands(Publisher(redis_url).push_many)


def in_thousands(push_many):
    """Return a function that pushes a thousand messages with each call.

    One call for all messages would have a single deadline for all of them.
    """

    def push(pairs):
        for start in range(0, len(pairs), 1000):
            push_many(pairs[start : start + 1000])

    return push


def extension(redis_url):
    from flask import Flask

    from flask_realtime import Realtime

    app = Flask(__name__)
    app.secret_key = "a secret of the benchmarks"
    app.config["REALTIME_REDIS"] = redis_url
    # The context is never popped, so that it also keeps the app alive.
    app.app_context().push()
    return Realtime(app)


def socketio(redis_url):
    from flask_socketio import SocketIO

    server = SocketIO(message_queue=redis_url)

    def push(pairs):
        for message, channel in pairs:
            server.emit("message", message, to=channel)

    return push


def channels(redis_url):
    import json

    import channels_layer
    from channels.layers import get_channel_layer

    os.environ["CHANNELS_REDIS"] = redis_url
    channels_layer.configure()
    layer = get_channel_layer()
    loop = asyncio.new_event_loop()

    async def send(pairs):
        for message, channel in pairs:
            await layer.group_send(channel, {"type": "message", "text": json.dumps(message)})

    return lambda pairs: loop.run_until_complete(send(pairs))


KINDS = {
    "one by one": one_by_one,
    "at once": at_once,
    "many": many,
    "publisher": publisher,
    "socketio": socketio,
    "channels": channels,
}

if __name__ == "__main__":
    # As in the servers, gevent patches the standard library.
    if sys.argv[1] == "at once":
        from gevent import monkey

        monkey.patch_all()
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
