"""The app with flask_realtime."""

import json
import os

from flask import Flask
from pushing import add_routes

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the benchmarks"
app.config.update(
    REALTIME_ALLOW_CALLS=True,
    REALTIME_MAX_CONNECTIONS=20_000,
    REALTIME_MAX_CONNECTIONS_PER_SESSION=20_000,
    REALTIME_MAX_MESSAGES_PER_SECOND=None,
    REALTIME_CONNECT_TIMEOUT_SECONDS=600,
)
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)
add_routes(app, realtime.push)


@app.get("/page/<channel>")
def page(channel):
    realtime.socket.subscribe(channel)
    return "<!doctype html><body></body>"


@app.get("/many/<int:count>")
def many(count):
    """A page on many channels."""
    realtime.socket.subscribe([f"long:{number}" for number in range(count)])
    return "<!doctype html><body></body>"


@app.get("/others/<int:count>")
def others(count):
    """Create other clients, each with a channel of its own."""
    for number in range(count):
        with app.test_request_context():
            realtime.socket.subscribe(f"other:{number}")
            realtime.push("something", f"other:{number}")
    return "", 204
