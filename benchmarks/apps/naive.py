"""The app as one would write it by hand: flask-sock, and a loop over all sockets."""

import json
from collections import defaultdict

from flask import Flask
from flask_sock import Sock
from pushing import add_routes

app = Flask(__name__)
app.secret_key = "a secret of the benchmarks"
sock = Sock(app)
rooms = defaultdict(set)


@sock.route("/ws/<room>")
def ws(ws, room):
    rooms[room].add(ws)
    try:
        while True:
            ws.send(ws.receive())
    finally:
        rooms[room].discard(ws)


def push(message, channel):
    text = json.dumps(message)
    for ws in list(rooms[channel]):
        ws.send(text)


add_routes(app, push)
