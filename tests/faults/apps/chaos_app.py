"""The app of the chaos suite: pages of several channels, and pushes that may be repeated."""

import json
import os

from flask import Flask, request

from flask_realtime import Realtime, RegistryUnavailable

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)


@app.get("/page/<names>")
def page(names):
    realtime.socket.subscribe(names.split(","))
    return "<!doctype html><body></body>"


@app.post("/push/<channel>")
def push(channel):
    realtime.push(request.get_json(), channel, push_id=request.args["push_id"])
    return "", 204


@app.get("/hello")
def hello():
    return "hello"


@app.errorhandler(RegistryUnavailable)
def unavailable(error):
    return {"push_id": error.push_id}, 503
