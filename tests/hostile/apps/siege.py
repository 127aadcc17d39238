"""An app with what hostile sockets may lean on: a handler that takes its time."""

import itertools
import json
import os
import pathlib
import threading
import time
import uuid

from flask import Flask, render_template_string

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)
gate = threading.Event()
numbers = (str(number) for number in itertools.count())


@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return render_template_string("<body>{{ realtime_script() }}</body>")


@app.get("/pid")
def pid():
    return str(os.getpid())


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


@app.post("/push/<int:count>/<int:size>/<path:channel>")
def push(count, size, channel):
    """Push so many messages of a size."""
    for _ in range(count):
        realtime.push(next(numbers) + "x" * size, channel)
    return "", 204
