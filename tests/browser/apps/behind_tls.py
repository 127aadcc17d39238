"""An app behind a proxy with TLS; its session's cookie is for https, and for this host alone."""

import json
import os

from flask import Flask, redirect, render_template_string, request, session, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
app.config.update(SESSION_COOKIE_NAME="__Host-session", SESSION_COOKIE_SECURE=True)
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)

PAGE = """<!doctype html><title>{{ session.name or "nobody" }}</title>
<link rel="icon" href="data:,">{{ realtime_script() }}
<script type="module">
  window.heard = [];
  realtime.on("*", (payload) => heard.push(payload));
</script>
<body><form method="post" action="{{ url_for('log_in') }}" data-realtime>
<input name="name" value="Ada"><button id="in">log in</button></form>
<form method="post" action="{{ url_for('log_out') }}" data-realtime>
<button id="out">log out</button></form>"""


@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return render_template_string(PAGE)


@app.post("/in")
@realtime.allow_calls
def log_in():
    session["name"] = request.form["name"]
    return redirect(url_for("on", channel="in"), 303)


@app.post("/out")
def log_out():
    """Log the visitor out; the app opens no such call, so that the browser sends the form."""
    session["name"] = None
    return redirect(url_for("on", channel="out"), 303)


@app.get("/by-socket")
@realtime.allow_calls
def by_socket():
    return who()


@app.get("/by-http")
def by_http():
    return who()


def who():
    return {
        "address": request.remote_addr,
        "url": request.url,
        "is_called": realtime.is_socket_request,
        "pid": os.getpid(),
    }


@app.post("/push/<channel>")
def push(channel):
    realtime.push(request.get_json(), channel)
    return "", 204
