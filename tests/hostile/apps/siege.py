"""An app with slow handlers and large replies, for sockets that try to fill its memory."""

import base64
import gc
import itertools
import json
import os
import pathlib
import threading
import time
import uuid

import gevent
from flask import Flask, render_template_string

from flask_realtime import Realtime
from flask_realtime.messages import large_replies
from flask_realtime.writing import slow_replies

# Large replies, and the memory that they may take together, are smaller by this factor than they
# would be: tests with many of them take less time.
SMALLER = 4
large_replies.BODY_BYTES //= SMALLER
large_replies.ENCODING_BYTES //= SMALLER
slow_replies.REPLY_BYTES //= SMALLER

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)
gate = threading.Event()
# Text that stays large when it is compressed.
NOISE = base64.b64encode(os.urandom(3_000_000 // SMALLER)).decode()
numbers = (str(number) for number in itertools.count())


@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return render_template_string("<body>{{ realtime_script() }}</body>")


@app.post("/open/")
@realtime.allow_calls
def open_to_calls():
    return ""


@app.get("/pid")
def pid():
    return str(os.getpid())


@app.get("/collections")
def collections():
    """How often the garbage collector has looked through all objects of the process."""
    return str(gc.get_stats()[2]["collections"])


@realtime.handler("wait")
def wait(data):
    gate.wait(60)
    return "done"


@realtime.handler("hold")
def hold(data):
    begun = pathlib.Path(os.environ["HOLD"], f"{uuid.uuid4()}.begun")
    begun.touch()
    while not begun.with_suffix(".go").exists():
        time.sleep(0.01)


@realtime.handler("forget")
def forget(data):
    """Start a timeout, and forget to end it."""
    gevent.Timeout(0.05).start()


@app.post("/push/<int:count>/<int:size>/<path:channel>")
def push(count, size, channel):
    """Push *count* messages of more than *size* bytes."""
    for _ in range(count):
        realtime.push(next(numbers) + "x" * size, channel)
    return "", 204


@realtime.handler("large")
def large(data):
    return next(numbers) + NOISE


@realtime.handler("slow-and-large")
def slow_and_large(data):
    time.sleep(0.02)
    return next(numbers) + NOISE


@app.get("/large")
def large_page():
    return next(numbers) + NOISE
