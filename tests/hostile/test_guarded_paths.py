"""A visitor calls over a socket a path that a guard in front of the app refuses by HTTP."""

from __future__ import annotations

import pytest
import requests

from ..eventually import DEADLINE
from ..integration.browsers import Browser
from ..integration.serving import ServerProcess

#: An app in which WSGI middleware demands a key for /metrics, as a proxy would.
APP = """
from flask import Flask, request
from flask.views import MethodView
from werkzeug.routing import BaseConverter
from flask_realtime import Realtime

app = Flask(__name__)
app.config.update(SECRET_KEY="a secret of the tests", REALTIME_REGISTRY="memory")
realtime = Realtime(app)
seen = []

@app.before_request
def note():
    seen.append(request.path)

@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return "<body>"

@app.get("/metrics")
def metrics():
    return "secret"

class User(BaseConverter):
    def to_python(self, value):
        seen.append(f"looked for {value}")
        return value

app.url_map.converters["user"] = User

@app.get("/users/<user:name>")
def user(name):
    return name

@app.get("/open/<user:name>")
@realtime.allow_calls
def open_user(name):
    return name

class Report(MethodView):
    @realtime.allow_calls
    def get(self):
        return "report"

    def head(self):
        seen.append("asked for the head")
        return ""

app.add_url_rule("/report", view_func=Report.as_view("report"))

@app.get("/seen")
def show_seen():
    return seen

@app.get("/whoami")
@realtime.allow_calls
def whoami():
    return request.headers.get("X-Authentik-Username", "a stranger")

inner = app.wsgi_app

def guarded(environ, start_response):
    if environ["PATH_INFO"].startswith("/metrics") and environ.get("HTTP_X_KEY") != "key":
        start_response("403 FORBIDDEN", [("Content-Type", "text/plain")])
        return [b"no"]
    return inner(environ, start_response)

app.wsgi_app = guarded
"""
DISGUISES = ["/metrics", "//metrics", "/./metrics", "/%6detrics", "/on/../metrics", "/metrics/"]


@pytest.fixture(scope="module", params=["gevent", "gthread"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "guarded.py").write_text(APP)
    with ServerProcess(request.param, "guarded:app", folder=folder) as server:
        yield server


def test_path_that_is_guarded_in_front_of_the_app_is_not_reached_over_a_socket(server):
    """No spelling of the path gets past the guard, and no function of the app runs."""
    browser = Browser(server.url)
    assert browser.http.get(server.url + "/metrics", timeout=DEADLINE).status_code == 403

    with browser.open(browser.page("/on/room")) as socket:
        replies = [socket.call(uri) for uri in DISGUISES]

    assert {reply["status"] for reply in replies} <= {400, 421}
    assert replies[0]["refused"] == "call"
    assert "secret" not in str(replies)
    seen = requests.get(server.url + "/seen", timeout=DEADLINE).json()
    assert not [path for path in seen if "metrics" in path]


def test_header_by_which_a_proxy_says_who_asks_can_not_be_sent_over_a_socket(server):
    """Such headers of a call are refused."""
    browser = Browser(server.url)

    with browser.open(browser.page("/on/room")) as socket:
        plain = socket.call("/whoami")
        forged = socket.call("/whoami", headers={"X-Authentik-Username": "admin"})
        alike = socket.call("/whoami", headers={"X_Authentik_Username": "admin"})

    assert (plain["status"], plain["body"]) == (200, "a stranger")
    assert (forged["status"], alike["status"]) == (400, 400)


def test_refused_call_has_no_code_of_the_app_look_for_what_it_names(server):
    """A converter of the app's may ask a database for each name. It is asked for what an open
    route is called with, and for nothing else."""
    browser = Browser(server.url)

    with browser.open(browser.page("/on/room")) as socket:
        replies = [
            socket.call(f"/{folder}/{name}")
            for folder in ("users", "open")
            for name in (folder, "%61nn")
        ]

    assert [reply["status"] for reply in replies] == [421, 421, 200, 200]
    seen = requests.get(server.url + "/seen", timeout=DEADLINE).json()
    assert [one for one in seen if "looked" in one] == ["looked for open", "looked for ann"]


def test_method_of_a_class_that_is_not_marked_is_not_called_as_another_one(server):
    """The class answers HEAD by a method of its own, and only that for GET is open to calls."""
    browser = Browser(server.url)

    with browser.open(browser.page("/on/room")) as socket:
        replies = [socket.call("/report", method=method) for method in ("get", "head")]

    assert [reply["status"] for reply in replies] == [200, 421]
    seen = requests.get(server.url + "/seen", timeout=DEADLINE).json()
    assert "asked for the head" not in seen
