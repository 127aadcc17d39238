"""The app that is broken: pages with several channels, and pushes that may be repeated."""

import functools
import gc
import json
import logging
import os
import threading
import time

import held
from flask import Flask, request
from redis.sentinel import Sentinel

from flask_realtime import Realtime, RegistryUnavailable
from flask_realtime.threads import rare_warnings

# Log each attempt to reach Redis, not one a minute: tests wait for certain lines.
attempts = logging.getLogger("flask_realtime.registries.redis.outage_log")
attempts.setLevel(logging.DEBUG)
attempts.addHandler(logging.StreamHandler())
# Nor one warning of a page a second: tests tell by it whether a page is subscribed.
rare_warnings.SECONDS = 0

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
if "SENTINELS" in os.environ:
    sentinels = Sentinel([("127.0.0.1", port) for port in json.loads(os.environ["SENTINELS"])])
    app.config["REALTIME_REDIS"] = lambda: sentinels.master_for("mymaster")
realtime = Realtime(app)


@app.get("/page/<names>")
def page(names):
    realtime.socket.subscribe(names.split(","))
    return "<!doctype html><body></body>"


@app.post("/push/<channel>")
def push(channel):
    realtime.push(request.get_json(), channel, push_id=request.args["push_id"])
    return "", 204


@functools.cache
def database():
    from rows import Row, sessions

    realtime.refresh_on_commit(Row, "{channel}")
    return Row, sessions


@app.post("/commit/<channel>/<int:number>")
def commit(channel, number):
    """Commit a row, with a push and a refresh behind the commit; return the number of rows."""
    Row, sessions = database()
    with sessions() as session:
        session.add(Row(channel=channel))
        realtime.to(channel, after_commit=session).push(number)
        session.commit()
        return str(session.query(Row).filter_by(channel=channel).count())


@app.route("/subscribe/<names>", methods=["GET", "POST"])
def subscribe(names):
    realtime.socket.subscribe(names.split(","))
    return "", 204


@app.route("/unsubscribe/<names>", methods=["GET", "POST"])
def unsubscribe(names):
    realtime.socket.unsubscribe(names.split(","))
    return "", 204


@app.get("/channels")
def channels():
    return sorted(realtime.socket.channels)


@app.get("/health")
def health():
    return {**realtime.health(), "pid": os.getpid(), "threads": threading.active_count()}


@app.get("/memory")
def memory():
    gc.collect()
    return {"malloc": held.by_malloc(), "blocks": held.by_python()}


@app.get("/hello")
def hello():
    return "hello"


@app.errorhandler(RegistryUnavailable)
def unavailable(error):
    return {"push_id": error.push_id}, 503


@realtime.handler("sleep")
def sleep(message):
    time.sleep(float(message["seconds"]))
    return "slept"


@app.get("/disconnect")
def disconnect():
    realtime.socket.disconnect(everywhere=True)
    return "", 204
