"""Log-ins and log-outs whose session cannot be saved, since JSON cannot hold a value."""

import json
import threading

import pytest
from flask import session
from flask.sessions import SecureCookieSession, SessionInterface

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import session_digest


class _InCookie(SessionInterface):
    """Has sessions in the cookie, and saves what has changed since it has opened or saved them."""

    def open_session(self, app, request):
        session = SecureCookieSession(json.loads(request.cookies.get("session", "{}")))
        session.saved = dict(session)
        return session

    def save_session(self, app, session, response):
        if session.saved != dict(session):
            response.set_cookie("session", json.dumps(dict(session)))
        session.saved = dict(session)


class _WithLock(_InCookie):
    """Has one request at a time use a session."""

    def open_session(self, app, request):
        session = super().open_session(app, request)
        session.lock = threading.Lock()
        session.lock.acquire()
        return session

    def save_session(self, app, session, response):
        super().save_session(app, session, response)
        session.lock.release()


@pytest.fixture
def app(app_with_users):
    app = app_with_users

    @app.post("/login/<user>")
    def log_in(user):
        session["user"] = user
        return ""

    @app.post("/logout")
    def log_out():
        session.pop("user")
        return ""

    @app.post("/break")
    def break_log_out():
        session.pop("user")
        session["odd"] = object()
        return ""

    return app


@pytest.mark.parametrize("is_away", [True, False])
def test_session_that_cannot_be_saved_has_not_ended(app, monkeypatch, is_away):
    """Neither this process nor the registry, which may be away at that moment, takes the session
    for ended: its browser still has the cookie, and its pages come back."""
    browser = app.test_client()
    browser.post("/login/ada")
    with browser.session_transaction() as kept:
        name = session_digest("secret", kept["socket_key"])
    node = app.extensions["realtime"].node()
    if is_away:
        monkeypatch.setattr(node.registry, "end_session", raise_away)
        monkeypatch.setattr(node.registry, "disconnect", raise_away)

    assert browser.post("/break").status_code == 500
    monkeypatch.undo()

    assert not node.has_ended([name], "")
    assert browser.post("/logout").status_code == 200
    assert node.has_ended([name], "")


def test_failure_is_told_as_the_interface_has_it(app):
    """In debug mode and in tests the developer sees the error itself, as without the library."""
    app.testing = True
    browser = app.test_client()
    browser.post("/login/ada")

    with pytest.raises(TypeError, match="not JSON serializable"):
        browser.post("/break")


@pytest.mark.parametrize("interface", [_InCookie, _WithLock])
def test_interface_that_cannot_save_a_session_twice_is_asked_once(app, interface):
    """Its log-ins and log-outs are answered, and reach the browser, as without the library."""
    app.session_interface = interface()
    browser = app.test_client()

    def user():
        with browser.session_transaction() as kept:
            return kept.get("user")

    users = []
    for path in ("/login/ada", "/login/ben", "/logout"):
        assert browser.post(path).status_code == 200
        users.append(user())
    assert users == ["ada", "ben", None]


def raise_away(*_args, **_kwargs):
    raise RegistryUnavailable("away")
