"""A chat that shows how many visitors are online, and announces who enters."""

import json
import os
import sqlite3
from contextlib import closing

from flask import Flask, render_template_string, session

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)

PAGE = """<!doctype html><link rel="icon" href="data:,"><title>Lounge</title>
{{ realtime_script() }}
<body><b id="online">0</b><ul id="said"></ul></body>"""


def run(statement, *values):
    with closing(sqlite3.connect(os.environ["DATABASE"], timeout=30)) as connection, connection:
        return connection.execute(statement, values).fetchall()


run("CREATE TABLE IF NOT EXISTS online (digest TEXT PRIMARY KEY)")


@app.get("/as/<name>")
@realtime.subscribes("lounge")
def lounge(name):
    session["name"] = name
    return render_template_string(PAGE)


@realtime.on_join
def enter():
    run("INSERT OR IGNORE INTO online VALUES (?)", realtime.socket.digest)
    if not realtime.socket.is_resumed:
        tell(f"{session['name']} has entered")
    count()


@realtime.on_leave
def leave():
    run("DELETE FROM online WHERE digest = ?", realtime.socket.digest)
    count()


@realtime.handler("say")
def say(text):
    tell(f"{session['name']}: {text}")


def tell(text):
    realtime.to("lounge").append("#said", html=text)


def count():
    """Show how many are online, again where another process has changed that meanwhile: what it
    has shown may have come before."""
    shown = None
    while (number := run("SELECT count(*) FROM online")) != shown:
        realtime.to("lounge").update("#online", html=str(number[0][0]))
        shown = number
