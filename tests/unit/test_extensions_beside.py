"""Messages in apps with Flask-Login, Flask-WTF, Flask-Session or Flask-Limiter."""

from __future__ import annotations

import re

import flask
import pytest
from flask import request, session

from flask_realtime.messages.memory_budget import NotWanted

from .conversations import ORIGIN, Browser

TOKEN = re.compile(r'value="([^"]+)"')


@pytest.fixture
def login(app):
    """Return *app* with Flask-Login: /login, /logout, and /me for logged-in users."""
    flask_login = pytest.importorskip("flask_login")
    manager = flask_login.LoginManager(app)
    manager.session_protection = "strong"

    class User(flask_login.UserMixin):
        id = "ann"

    manager.user_loader(lambda user_id: User())

    @app.post("/login")
    def log_in():
        flask_login.login_user(User(), remember="remember" in request.args)
        return "", 204

    @app.post("/logout")
    def log_out():
        flask_login.logout_user()
        return "", 204

    @app.get("/me")
    @flask_login.login_required
    def me():
        return flask_login.current_user.id

    return flask_login


@pytest.fixture
def protected(app):
    """Return *app* with Flask-WTF's CSRF protection."""
    flask_wtf = pytest.importorskip("flask_wtf")
    flask_wtf.CSRFProtect(app)
    form = '<input value="{{ csrf_token() }}">'
    app.add_url_rule("/form", "form", lambda: flask.render_template_string(form))
    return app


@pytest.fixture
def server_side(app, tmp_path):
    """Return *app* with sessions in files, whose ids the cookie holds."""
    flask_session = pytest.importorskip("flask_session")
    cachelib = pytest.importorskip("cachelib")
    app.config.update(
        SESSION_TYPE="cachelib", SESSION_CACHELIB=cachelib.FileSystemCache(str(tmp_path))
    )
    flask_session.Session(app)
    return app


def test_call_of_one_who_logged_in_by_http_is_theirs(app, login):
    """A visitor has logged in by HTTP. A call of a route with @login_required knows the user."""
    browser = Browser(app)

    refused = browser.open_socket().call("/me")
    browser.client.post("/login")
    allowed = browser.open_socket().call("/me")

    assert (refused["status"], allowed["status"], allowed["body"]) == (401, 200, "ann")


@pytest.mark.parametrize("how", ["", "?remember"])
def test_log_in_over_a_socket_becomes_the_browsers(app, login, how):
    """A visitor logs in over a socket, and the next page knows the user."""
    browser = Browser(app)
    socket = browser.open_socket()

    reply = socket.call(f"/login{how}", method="post")
    browser.take_over()

    assert reply["session"]
    assert socket.call("/me")["body"] == "ann"
    assert browser.client.get("/me").text == "ann"
    assert (browser.client.get_cookie("remember_token") is not None) is bool(how)


def test_log_out_over_a_socket_becomes_the_browsers(app, login):
    """A visitor logs out over a socket, with or without "remember me", and the next page knows no
    user."""
    browser = Browser(app)
    browser.client.post("/login?remember")
    socket = browser.open_socket()

    socket.call("/logout", method="post")
    browser.take_over()

    assert socket.call("/me")["status"] == 401
    assert browser.client.get("/me").status_code == 401
    assert browser.client.get_cookie("remember_token") is None


def test_log_out_by_http_is_not_undone_by_what_a_socket_does_later(app, login):
    """A visitor logs out by HTTP. A message of a socket that is still open does not log the browser
    in again."""
    browser = Browser(app)
    browser.client.post("/login")
    socket = browser.open_socket()

    browser.client.post("/logout")
    socket.call("/set", method="post", json={"visits": 1})
    browser.take_over()

    assert browser.client.get("/me").status_code == 401
    assert browser.session()["visits"] == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_call_needs_the_csrf_token_that_its_form_has(protected, scheme):
    """A call without the form's CSRF token is refused, as by HTTP, also over https."""
    browser = Browser(protected)
    origin = f"{scheme}://localhost"
    socket = browser.open_socket(HTTP_ORIGIN=origin, **{"wsgi.url_scheme": scheme})
    token = TOKEN.search(socket.call("/form")["body"])[1]

    def put(**data):
        return socket.call("/set", method="post", json={"a": 1}, **data)["status"]

    assert put() == 400
    assert put(headers={"X-CSRFToken": "x"}) == 400
    assert put(headers={"X-CSRFToken": token}) == 204


def test_form_that_came_over_a_socket_can_be_sent_by_http(protected):
    """A form is fetched over a socket. Its CSRF token works by HTTP after the browser has fetched
    the session's change."""
    browser = Browser(protected)
    token = TOKEN.search(browser.open_socket().call("/form")["body"])[1]

    browser.take_over()

    response = browser.client.post("/set", json={"a": 1}, headers={"X-CSRFToken": token})
    assert response.status_code == 204


def test_handler_needs_no_csrf_token(protected):
    """A message needs no CSRF token, because the origin of its socket was checked."""
    browser = Browser(protected)

    assert browser.open_socket({"do": lambda message: "yes"}).say("do")["body"] == "yes"


def test_hook_needs_no_csrf_token(protected, caplog):
    """on_join and on_leave functions need no CSRF token."""
    ran = []

    Browser(protected).open_socket().conversation.run_hook(lambda: ran.append(True))

    assert (ran, caplog.records) == ([True], [])


def test_take_over_needs_no_csrf_token_but_the_origin(protected):
    """The session path checks the origin in place of a CSRF token."""
    browser = Browser(protected)
    browser.open_socket({"do": lambda message: session.update(a=1)}).say("do")

    assert browser.take_over(Origin="https://evil.example").status_code == 403
    assert browser.take_over().status_code == 204
    assert browser.session()["a"] == 1


def test_session_kept_by_the_server_is_shared_at_once(server_side):
    """The server keeps the session, so a socket's change is visible by HTTP at once. Only the
    cookie's expiry, which the handshake did not show, waits for the browser once."""
    browser = Browser(server_side)
    socket = browser.open_socket()

    first = socket.call("/set", method="post", json={"a": 0})
    second = socket.call("/set", method="post", json={"a": 1})
    browser.client.post("/set", json={"b": 2})

    assert ("session" in first, "session" in second) == (True, False)
    assert browser.client.get("/session").json == {"_permanent": True, "a": 1, "b": 2}
    assert socket.call("/session")["body"] == {"_permanent": True, "a": 1, "b": 2}


def test_session_kept_by_the_server_can_be_cleared_over_a_socket(server_side):
    """A log-out over a socket clears the session on the server, except for a socket key."""
    browser = Browser(server_side)
    browser.client.post("/set", json={"user": 1})
    socket = browser.open_socket()

    socket.call("/clear", method="post")

    assert browser.client.get("/session").json.get("user") is None
    assert browser.take_over().status_code == 204


def test_log_out_by_http_is_seen_by_a_socket_whose_session_the_server_keeps(server_side):
    """A log-out by HTTP clears the session on the server: no message of its socket is handled, or
    brings the session back."""
    browser = Browser(server_side)
    browser.client.post("/set", json={"user": 1})
    socket = browser.open_socket()

    browser.client.post("/clear")

    with pytest.raises(NotWanted):
        socket.call("/set", method="POST", json={"user": 2})
    assert "user" not in browser.client.get("/session").json


def test_origin_is_that_of_the_handshake(app):
    """A view that checks the Origin header sees that of the handshake."""
    app.add_url_rule("/origin", "origin", lambda: [request.origin, request.referrer])

    assert Browser(app).open_socket().call("/origin")["body"] == [ORIGIN, f"{ORIGIN}/"]


@pytest.fixture
def limiter(app):
    """Return *app* with Flask-Limiter, which allows two requests of an endpoint."""
    flask_limiter = pytest.importorskip("flask_limiter")
    return flask_limiter.Limiter(
        lambda: "everybody", app=app, default_limits=["2/hour"], storage_uri="memory://"
    )


def test_limit_counts_each_handler_for_itself(app, limiter):
    """A visitor has used up the limit of one handler, and may still use another."""
    socket = Browser(app).open_socket({"a": lambda data: "a", "b": lambda data: "b"})

    statuses = [socket.say(action)["status"] for action in "aaabbb"]

    assert statuses == [200, 200, 429, 200, 200, 429]


def test_limit_of_one_handler_is_its_own(app, limiter):
    """A limit above a handler counts the messages of that handler."""

    @limiter.limit("1/hour")
    def rare(data):
        return "rare"

    socket = Browser(app).open_socket({"rare": rare, "often": lambda data: "often"})

    statuses = [socket.say(action)["status"] for action in ("rare", "rare", "often", "often")]

    assert statuses == [200, 429, 200, 200]


def test_limit_counts_calls_with_requests(app, limiter):
    """Calls and HTTP requests of a view share one limit."""
    app.add_url_rule("/a", "a", lambda: "a")
    browser = Browser(app)
    socket = browser.open_socket()

    statuses = [socket.call("/a")["status"], browser.client.get("/a").status_code]
    statuses += [socket.call("/a")["status"], browser.client.get("/a").status_code]

    assert statuses == [200, 200, 429, 429]


def test_handler_that_is_a_view_too_needs_a_token_there(app, protected):
    """A function is both a handler and a view. As a view it still needs a CSRF token."""

    def save(data=None):
        return "saved"

    app.add_url_rule("/save", "save", save, methods=["POST"])
    browser = Browser(app)

    assert browser.open_socket({"save": save}).say("save")["status"] == 200
    assert browser.client.post("/save").status_code == 400
