"""The routes that all Flask apps of the benchmarks have: those that push, and those that answer."""

import os
import threading
import time

from messages import message_of


def add_routes(app, push):
    """Add the routes to *app*.

    :param push: a function that sends a message to all sockets of a channel.
    """

    @app.get("/burst/<int:count>/<int:size>/<channel>")
    def burst(count, size, channel):
        for number in range(count):
            push(message_of(number, size), channel)
        return "", 204

    @app.get("/paced/<int:count>/<float:interval>/<channel>")
    def paced(count, interval, channel):
        threading.Thread(target=pace, args=(push, count, interval, channel), daemon=True).start()
        return "", 204

    @app.get("/pid")
    def pid():
        return {"pid": os.getpid()}

    @app.get("/json")
    def some_json():
        return {"some": "json"}


def pace(push, count, interval, channel):
    """Push a message every *interval* seconds."""
    due = time.monotonic()
    for number in range(count):
        due += interval
        time.sleep(max(0, due - time.monotonic()))
        push(message_of(number, 150), channel)
