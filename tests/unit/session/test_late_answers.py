"""Answers that come after the log-out of the user who has asked for them."""

import flask_login
import pytest
from cachelib import SimpleCache
from flask import Flask
from flask_session import Session

from flask_realtime import Realtime


class User(flask_login.UserMixin):
    id = "42"


@pytest.fixture(params=["cookie", "server"])
def app(request):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")
    app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    if request.param == "server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    flask_login.LoginManager(app).user_loader(lambda user_id: User())
    Realtime(app).identify(flask_login)

    @app.post("/login")
    def log_in():
        flask_login.login_user(User(), remember=True)
        return ""

    @app.post("/logout")
    def log_out():
        flask_login.logout_user()
        return ""

    @app.get("/slow")
    def show_slowly():
        app.meanwhile()
        return ""

    @app.get("/me")
    def me():
        return {"user": flask_login.current_user.get_id()}

    yield app
    app.extensions["realtime"].close()


def test_late_answer_does_not_have_flask_login_remember_its_user(app):
    """An app renews "remember me" with each answer. A user logs out while a page is being rendered.
    Its answer brings no cookie that would log the browser in again; others do, as ever."""
    browser, tab = app.test_client(), app.test_client()
    browser.post("/login")
    app.meanwhile = lambda: None
    usual = browser.get("/slow")
    for name in ("session", "remember_token"):
        tab.set_cookie(name, browser.get_cookie(name).value)
    app.meanwhile = lambda: browser.post("/logout")

    late = tab.get("/slow")

    assert any(line.startswith("remember_token=42") for line in usual.headers.getlist("Set-Cookie"))
    assert late.headers.getlist("Set-Cookie") == []
    assert browser.get("/me").json["user"] is None
