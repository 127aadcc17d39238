"""The same with Flask-SocketIO."""

import json
import os
import threading
import time

from flask import Flask
from flask_socketio import SocketIO
from naive import filler

app = Flask(__name__)
app.secret_key = "a secret of the benchmarks"
socketio = SocketIO(app, async_mode="gevent", message_queue=os.environ.get("SOCKETIO_REDIS"))


@socketio.on("echo")
def echo(message):
    return {"some": "json"}


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


def pace(count, interval):
    due = time.monotonic()
    for number in range(count):
        due += interval
        time.sleep(max(0, due - time.monotonic()))
        send(number, 150)


def send(number, size):
    text = json.dumps({"number": number, "at": time.monotonic(), "text": ""})
    message = {"number": number, "at": time.monotonic(), "text": filler(size - len(text))}
    socketio.emit("message", message)
