"""How long a session lives that Flask keeps in its cookie."""

from datetime import timedelta
from math import inf

import pytest
from cachelib import SimpleCache
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from flask_session import Session

from flask_realtime.page.cookie_sessions import (
    has_cookie_session,
    seconds_left,
    seconds_of_cookie,
    signed_at,
)
from flask_realtime.threads import clock


class Longer(SecureCookieSessionInterface):
    """A session interface that takes cookies for ten times as long as the app says."""

    def open_session(self, app, request):
        value = request.cookies.get("session", "")
        return self.session_class(self.get_signing_serializer(app).loads(value, max_age=1000))


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "a secret"
    app.permanent_session_lifetime = timedelta(seconds=100)
    app.add_url_rule("/in", "in", lambda: session.update(user="ada") or "")
    return app


def cookie_of(app):
    """The cookie that a user gets at the log-in."""
    return app.test_client().get("/in").headers["Set-Cookie"].partition(";")[0]


def left_of(app, cookie):
    with app.test_request_context(headers={"Cookie": cookie}) as context:
        return seconds_left(app, context.request)


def test_session_in_a_cookie_ends_by_the_moment_at_which_it_was_signed(app, monkeypatch):
    """A cookie was signed a minute ago, and lives for 100 seconds."""
    cookie, now = cookie_of(app), clock.now()
    monkeypatch.setattr("time.time", lambda: now + 60)

    assert has_cookie_session(app)
    assert seconds_of_cookie(app) == 100
    assert 39 <= left_of(app, cookie) <= 42


def test_session_in_a_store_ends_by_its_own(app):
    """What the cookie of Flask-Session holds says nothing of the session's end."""
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)

    assert not has_cookie_session(app)
    assert seconds_of_cookie(app) is None
    assert left_of(app, cookie_of(app)) == inf


def test_end_of_a_session_that_the_app_takes_for_longer_is_not_known(app, monkeypatch):
    """Such a page would be told to come back, again and again."""
    cookie, now = cookie_of(app), clock.now()
    app.session_interface = Longer()
    monkeypatch.setattr("time.time", lambda: now + 200)

    assert left_of(app, cookie) == inf


@pytest.mark.parametrize(
    "cookie", ["", "x", "x.y", "a.b.c.d", "e30.e30.e30", "gAAAAABl", f"{'x' * 40}.{'y' * 40}.z"]
)
def test_moment_of_a_cookie_in_another_format_is_not_known(cookie):
    """An app may encrypt its cookies, or sign them in a way of its own."""
    assert signed_at(cookie) is None
