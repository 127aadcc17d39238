"""Answers that take the place of another one, since an open page could not be subscribed."""

import re

import pytest
from flask import session

from flask_realtime.errors import CloseCode, RegistryUnavailable, TooManyChannels


@pytest.fixture
def app(app_with_users, realtime):
    app = app_with_users

    @app.get("/")
    def show():
        realtime.socket.subscribe("a")
        return "<body></body>"

    @app.post("/login/<user>")
    def log_in(user):
        realtime.socket.subscribe("b")
        session["user"] = user
        return ""

    return app


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RegistryUnavailable("away"), 503),
        (TooManyChannels(200, 200), 429),
        (ConnectionError("a registry of the app's own fails"), 500),
    ],
)
def test_sockets_of_a_session_that_has_ended_are_closed_behind_it(app, monkeypatch, error, status):
    """Somebody else logs in, and the page that asks could not be subscribed. The answer says why,
    and the sockets of the session that has ended are closed behind it all the same."""
    browser = app.test_client()
    browser.post("/login/ada")
    page = re.search('connection-id="([^"]+)"', browser.get("/").text)[1]
    registry, orders = app.extensions["realtime"].node().registry, []

    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(registry, "subscribe", fail)
    monkeypatch.setattr(registry, "disconnect", orders.append)

    answer = browser.post("/login/ben", headers={"X-Realtime-Connection-Id": page})
    answer.close()

    assert answer.status_code == status
    assert CloseCode.SESSION_CHANGED in [one.code for one in orders]
