"""A page that shows how far a long job is: a thread here, or a process of its own."""

import secrets
import subprocess
import sys
import threading

from flask import Flask, render_template
from job import work

from flask_realtime import Realtime

app = Flask(__name__)
app.config.from_mapping(SECRET_KEY="change me")
# FLASK_REALTIME_REDIS=redis://localhost:6379/0 lets the job be a process of its own.
app.config.from_prefixed_env()
realtime = Realtime(app)


@app.get("/")
def index():
    return render_template("index.html")


@app.post("/jobs")
def start():
    channel = f"job:{secrets.token_hex(4)}"
    # First subscribed, then begun: not even the first step is missed.
    realtime.socket.subscribe(channel)
    begin(channel)
    return render_template("job.html", channel=channel)


def begin(channel):
    redis = app.config.get("REALTIME_REDIS")
    if redis is None:
        threading.Thread(target=work, args=(realtime.push, channel), daemon=True).start()
    else:
        subprocess.Popen([sys.executable, f"{app.root_path}/job.py", redis, channel])
