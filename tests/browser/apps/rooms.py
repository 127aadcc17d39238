"""A chat with a single page, which joins and leaves rooms by a handler or by a call of a view."""

import json
import os

from flask import Flask, abort, render_template_string

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)

PAGE = """<!doctype html><link rel="icon" href="data:,"><title>Rooms</title>
{{ realtime_script() }}
<body><h1>Rooms</h1><script>
  window.heard = [];
  window.lost = 0;
  document.addEventListener("realtime:lost", () => lost += 1);
  addEventListener("DOMContentLoaded", () =>
    realtime.on("room:*", (text, { channel }) => heard.push(`${channel} ${text}`)));
</script></body>"""


@app.get("/")
def index():
    return render_template_string(PAGE)


@realtime.handler("join")
def join_by_handler(room):
    return join(room)


@app.post("/rooms/<room>/join")
@realtime.allow_calls
def join(room):
    if room == "secret":
        abort(403)
    realtime.socket.subscribe(f"room:{room}")
    return "", 204


@app.post("/rooms/<room>/leave")
@realtime.allow_calls
def leave(room):
    realtime.socket.unsubscribe(f"room:{room}")
    return "", 204


@app.post("/rooms/<room>/say")
@realtime.allow_calls
def say(room):
    """Push what a visitor says in a room; refuse a visitor who has not joined the room."""
    if f"room:{room}" not in realtime.socket.channels:
        abort(403)
    return push(room, "said")


@app.post("/push/<room>/<text>")
def push(room, text):
    realtime.push(text, f"room:{room}")
    return "", 204
