"""Answers that tell an open page of an outage, and come after the log-out of its user."""

import re

import pytest
from flask import Flask, session

from flask_realtime import Realtime
from flask_realtime.errors import RegistryUnavailable


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")
    realtime = Realtime(app)
    realtime.identify(lambda: session.get("user"))

    @app.post("/login")
    def log_in():
        session["user"] = "ada"
        return ""

    @app.post("/logout")
    def log_out():
        session.pop("user")
        return ""

    @app.get("/")
    def show():
        realtime.socket.subscribe("a")
        return "<body></body>"

    @app.post("/enter/<room>")
    def enter(room):
        realtime.socket.subscribe(room)
        session["seen"] = room
        app.meanwhile()
        return "", 204

    yield app
    app.extensions["realtime"].close()


def raise_away(*_args, **_kwargs):
    raise RegistryUnavailable("away")


def test_late_answer_of_an_outage_does_not_undo_a_log_out(app, monkeypatch):
    """A user logs out while a request subscribes an open page, and the registry goes away. The
    answer says so, and sets no cookie of the session that has ended."""
    browser, tab = app.test_client(), app.test_client()
    browser.post("/login")
    page = re.search('connection-id="([^"]+)"', browser.get("/").text)[1]
    tab.set_cookie("session", browser.get_cookie("session").value)
    registry = app.extensions["realtime"].node().registry

    def log_out():
        browser.post("/logout")
        monkeypatch.setattr(registry, "subscribe", raise_away)

    app.meanwhile = log_out

    late = tab.post("/enter/b", headers={"X-Realtime-Connection-Id": page})

    assert (late.status_code, late.headers.getlist("Set-Cookie")) == (503, [])
