"""An app behind nginx, which guards some of its paths, and names the user for others."""

from flask import Flask, render_template_string, request
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
realtime = Realtime(app)
seen = []


@app.before_request
def note():
    seen.append(f"{request.method} {request.path}")


@app.get("/rooms/<room>")
def room(room):
    realtime.socket.subscribe(f"room:{room}")
    return render_template_string("<head>{{ realtime_script() }}</head><body>{{ room }}</body>")


@app.post("/rooms/<room>/messages")
@realtime.allow_calls
def say(room):
    realtime.push(request.form["text"], f"room:{room}")
    return "", 204


@app.get("/metrics")
@app.get("/admin/users")
@app.get("/internal/report")
def secret():
    return "secret"


@app.post("/login")
def log_in():
    return "secret" if request.form["password"] == "99" else ("", 403)


@app.get("/whoami")
@realtime.allow_calls
def whoami():
    return {
        "user": request.headers.get("X-Authentik-Username"),
        "address": request.remote_addr,
        "url": request.url,
    }


@app.get("/seen")
def show_seen():
    return seen
