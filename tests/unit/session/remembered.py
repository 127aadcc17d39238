"""Apps whose users Flask-Login remembers, and a browser of such a user."""

import flask_login
from flask import request, session

from flask_realtime.identity.keys import SOCKET_KEY

from ..conversations import Browser


class User(flask_login.UserMixin):
    def __init__(self, user):
        self.id = user


def remembering(app):
    """Give *app* views by which users log in and out; return a browser of it.

    During ``/slow`` the functions in ``browser.acts`` are called.
    """
    flask_login.LoginManager(app).user_loader(User)

    @app.post("/login")
    def log_in():
        user = User(request.args.get("user", "42"))
        told = request.args
        flask_login.login_user(user, remember="remember" in told, fresh="stale" not in told)
        return ""

    @app.post("/logout")
    def log_out():
        flask_login.logout_user()
        return ""

    @app.post("/leave")
    def leave():
        session.clear()
        flask_login.logout_user()
        return ""

    @app.post("/renew")
    def renew():
        flask_login.logout_user()
        app.session_interface.regenerate(session)
        return ""

    @app.post("/switch")
    def switch():
        flask_login.logout_user()
        return log_in()

    @app.get("/me")
    def me():
        return {"user": flask_login.current_user.get_id(), "sees": [*request.cookies]}

    @app.get("/slow")
    def be_slow():
        for act in browser.acts:
            act()
        return ""

    browser = Browser(app)
    browser.client.post("/set", json={SOCKET_KEY: browser.key})
    return browser


def tells_of_it(response):
    """Whether a response sets the cookie, or takes it away."""
    return any(
        line.startswith("remember_token=") for line in response.headers.getlist("Set-Cookie")
    )


def stored(browser):
    """What the app's store holds under the id that the browser has."""
    with browser.app.test_request_context(headers={"Cookie": browser.cookies()}):
        return dict(session)
