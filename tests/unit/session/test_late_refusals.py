"""Answers that tell an open page of an outage, and come after the log-out of its user."""

import re

import pytest
from cachelib import SimpleCache
from flask import session
from flask_session import Session

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import digest
from flask_realtime.page.client import SOCKET_IN_ENVIRON, SocketOfMessage


@pytest.fixture
def app(app_with_users, realtime):
    app = app_with_users

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

    @app.post("/hear/<room>")
    def hear(room):
        realtime.socket.subscribe(room)
        app.meanwhile()
        return "", 204

    return app


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


def test_message_answered_amid_an_outage_writes_back_no_session(app, monkeypatch):
    """The server keeps the session. A user logs out while a message subscribes the page, and the
    registry goes away: it tells nobody whether the session has ended. The answer says so, and the
    session is not in the app's store again."""
    kept = SimpleCache()
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=kept)
    Session(app)
    browser = app.test_client()
    browser.post("/login")
    browser.get("/")
    registry = app.extensions["realtime"].node().registry
    with browser.session_transaction() as held:
        name = digest(app.secret_key, held["socket_key"], "c" * 22, "ada")

    def log_out():
        kept.clear()
        for method in ("subscribe", "has_ended"):
            monkeypatch.setattr(registry, method, raise_away)

    app.meanwhile = log_out
    message = SocketOfMessage("c" * 22, name, lambda: None, f"{name}:1")

    answer = browser.post("/hear/b", environ_overrides={SOCKET_IN_ENVIRON: message})

    assert (answer.status_code, list(kept._cache)) == (503, [])
