"""Pages that show how far long jobs are: threads of the server, or processes of their own."""

import secrets
import subprocess
import sys
import threading

from flask import Flask, render_template
from job import work

from flask_realtime import Realtime

app = Flask(__name__)
app.config.from_mapping(SECRET_KEY="change me", SESSION_COOKIE_SAMESITE="Lax")
# FLASK_REALTIME_REDIS=redis://localhost:6379/0 lets each job be a process of its own.
app.config.from_prefixed_env()
realtime = Realtime(app)


@app.get("/")
def index():
    return render_template("index.html")


@app.post("/jobs")
@realtime.allow_calls
def start():
    channel = f"job:{secrets.token_hex(4)}"
    # Subscribe first, then begin, so that not even the first step is missed. A call over the socket
    # subscribes the open page, and a POST subscribes the page that answers it.
    realtime.socket.subscribe(channel)
    begin(channel)
    # A call by an open page gets the card of the job alone, a browser a whole page.
    template = "job.html" if realtime.is_socket_request else "index.html"
    return render_template(template, channel=channel)


def begin(channel):
    redis = app.config.get("REALTIME_REDIS")
    if redis is None:
        threading.Thread(target=work, args=(realtime.push, channel), daemon=True).start()
    else:
        subprocess.Popen([sys.executable, f"{app.root_path}/job.py", redis, channel])
