"""What one writes by hand: flask-sock, and a loop over all sockets."""

import json
import os
import threading
import time

from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)
room = set()


@sock.route("/ws")
def ws(ws):
    room.add(ws)
    try:
        while True:
            text = ws.receive()
            if text.startswith("echo"):
                ws.send(text)
    finally:
        room.discard(ws)


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
    text = json.dumps({"number": number, "at": time.monotonic(), "text": filler(size - len(text))})
    for ws in list(room):
        ws.send(text)


def filler(length):
    return ("<li class='message'>Some words that are much like others.</li>" * 100)[:length]
