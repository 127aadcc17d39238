"""The app with flask_realtime."""

import json
import os
import time

from flask import Flask, render_template_string
from jinja2 import DictLoader
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


# A checkout of an earlier release, to compare with, has no such decorator.
if hasattr(realtime, "subscribes"):

    @app.get("/decorated/<channel>")
    @realtime.subscribes("{channel}")
    def decorated(channel):
        return "<!doctype html><body></body>"


# An item of a list, of 500 bytes, which fragments and pushes add to a page.
ITEM = '<li id="item{{ number }}" class="item"><b>{{ author }}</b> <p>' + "word " * 85 + "</p></li>"
app.jinja_loader = DictLoader({"item.html": ITEM})
PUSHED = ITEM.replace("{{ number }}", "{}").replace("{{ author }}", "Ada").replace("{}", "%d")


@app.get("/fragments/<int:count>/<channel>")
def fragments(count, channel):
    for number in range(count):
        realtime.to(channel).append("#items", "item.html", number=number, author="Ada")
    return "", 204


@app.get("/pushes/<int:count>/<channel>")
def pushes(count, channel):
    for number in range(count):
        realtime.push([{"action": "append", "target": "#items", "html": PUSHED % number}], channel)
    return "", 204


changes = {}


@app.get("/refresh/<channel>")
def refresh(channel):
    changes[channel] = changes.get(channel, 0) + 1
    realtime.to(channel).refresh()
    return "", 204


@app.get("/block/<channel>/<int:milliseconds>")
def block(channel, milliseconds):
    """A page whose view takes a core for *milliseconds*."""
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        pass
    page = "<!doctype html><body>{% block live %}<p>state</p> {{ state }}{% endblock %}</body>"
    return render_template_string(page, state=changes.get(channel, 0))


@app.get("/many/<int:count>")
def many(count):
    """A page that is subscribed to *count* channels."""
    realtime.socket.subscribe([f"long:{number}" for number in range(count)])
    return "<!doctype html><body></body>"


@app.get("/others/<int:count>")
def others(count):
    """Create *count* other clients, each with a channel of its own."""
    for number in range(count):
        with app.test_request_context():
            realtime.socket.subscribe(f"other:{number}")
            realtime.push("something", f"other:{number}")
    return "", 204
