"""The same with flask_realtime."""

import json
import os
import threading
import time

from flask import Flask

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the benchmarks"
app.config["REALTIME_MAX_CONNECTIONS"] = 20_000
app.config["REALTIME_MAX_CONNECTIONS_PER_SESSION"] = 20_000
app.config["REALTIME_MAX_MESSAGES_PER_SECOND"] = None
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)


@app.get("/page/<channel>")
def page(channel):
    realtime.socket.subscribe(channel)
    return "<!doctype html><body></body>"


@app.post("/burst/<int:count>/<int:size>")
def burst(count, size):
    for number in range(count):
        send(number, size)
    return "", 204


@app.post("/paced/<int:count>/<float:interval>")
def paced(count, interval):
    threading.Thread(target=pace, args=(count, interval), daemon=True).start()
    return "", 204


@app.post("/pid")
def pid():
    return {"pid": os.getpid()}


@app.get("/json")
def some_json():
    return {"some": "json"}


def pace(count, interval):
    due = time.monotonic()
    for number in range(count):
        due += interval
        time.sleep(max(0, due - time.monotonic()))
        send(number, 150)


def send(number, size):
    text = json.dumps({"number": number, "at": time.monotonic(), "text": ""})
    realtime.push(
        {"number": number, "at": time.monotonic(), "text": filler(size - len(text))}, "room"
    )


def filler(length):
    return ("<li class='message'>Some words that are much like others.</li>" * 100)[:length]
