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
