"""An app whose responses wait until a test releases them."""

import json
import logging
import os
import pathlib
import time

from flask import Flask, render_template_string, session

from flask_realtime import Realtime

# So that a test sees when a worker begins to stop.
logging.basicConfig(level=logging.INFO)
app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)
folder = pathlib.Path(os.environ["DATABASE"]).parent

PAGE = """<!doctype html><link rel="icon" href="data:,"><title>Held</title>
{{ realtime_script() }}
<body><h1>Held</h1></body>"""


@app.get("/")
@realtime.subscribes("news")
def index():
    session.permanent = True
    return render_template_string(PAGE)


@app.route("/held/<name>", methods=["GET", "POST"])
@realtime.allow_calls
def held(name):
    """Record that the request has begun, and answer once it is released, with the session that the
    request brought."""
    session["seen"] = name
    with (folder / f"{name}.begun").open("a") as begun:
        begun.write("once\n")
    while not (folder / f"{name}.free").exists():
        time.sleep(0.05)
    return f"answered {name}"
