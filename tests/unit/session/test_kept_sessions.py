"""The session of a socket in an app whose server keeps sessions and whose cookie holds their
ids."""

from __future__ import annotations

import pytest
from cachelib import SimpleCache
from flask import session
from flask_session import Session
from werkzeug.http import parse_cookie
from werkzeug.test import create_environ

from flask_realtime.identity.keys import SOCKET_KEY, digest
from flask_realtime.session.pending_changes import SessionChanges
from flask_realtime.session.socket_session import SocketSession

from ..conversations import CONNECTION_ID, Browser


def who():
    return session.get("user")


@pytest.fixture
def server_side(app):
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)

    @app.post("/login")
    def log_in():
        app.session_interface.regenerate(session)
        session["user"] = 42
        return ""

    @app.post("/theme")
    def set_theme():
        response = app.make_response("")
        response.set_cookie("theme", "dark")
        return response

    return app


def browser_of(app):
    """A browser whose session, with its socket key, is kept on the server."""
    browser = Browser(app)
    browser.client.post("/set", json={SOCKET_KEY: browser.key, "cart": [1]})
    return browser


def browser_of_a_user(app):
    """A browser whose session belongs to a user, and whose page is the user's."""
    browser = browser_of(app)
    browser.identify.set(who)
    browser.client.post("/set", json={"user": 42})
    browser.digest = digest(app.secret_key, key_of(browser, app), CONNECTION_ID, "42")
    return browser


def key_of(browser, app):
    """The socket key of the session to which the browser's cookie leads."""
    with app.test_request_context(headers={"Cookie": browser.cookies()}):
        return session[SOCKET_KEY]


def test_log_in_over_a_socket_that_gives_the_session_a_new_id(server_side):
    """A log-in over a socket gives the session a new id. The browser comes with the former id and
    names its page, gets the new cookie, and finds its session's content."""
    browser = browser_of(server_side)
    socket = browser.open_socket()

    reply = socket.call("/login", method="post")
    response = browser.take_over()

    assert reply["session"]
    assert response.status_code == 204
    body = browser.client.get("/session").json
    assert (body["user"], body["cart"]) == (42, [1])


def test_what_a_socket_sets_behind_a_new_id_reaches_the_browser_too(server_side):
    """A socket has given the session a new id and then sets more. The browser comes with the former
    id, and gets both."""
    browser = browser_of_a_user(server_side)
    socket = browser.open_socket()

    socket.call("/login", method="post")
    socket.call("/theme", method="post")
    lines = browser.take_over().headers.getlist("Set-Cookie")

    assert {line.partition("=")[0] for line in lines} == {"session", "theme"}
    assert browser.client.get("/session").json["user"] == 42


def test_replaced_session_is_taken_over_by_nobody_else(server_side):
    """Another page of the browser, or another browser that knows the page's id, does not get the
    new cookie."""
    browser = browser_of(server_side)
    browser.open_socket().call("/login", method="post")

    stranger = server_side.test_client()
    headers = {"Origin": "http://localhost", "X-Realtime-Connection-Id": "an-id-of-this-page"}
    stolen = stranger.post("/_realtime/session", headers=headers)
    other = browser.take_over(**{"X-Realtime-Connection-Id": "an-id-of-another-page"})

    assert stolen.headers.getlist("Set-Cookie") == []
    assert other.headers.getlist("Set-Cookie") == []
    browser.take_over()
    assert browser.client.get("/session").json["user"] == 42


def test_log_out_over_a_socket_ends_a_session_that_the_server_keeps(server_side):
    """A log-out over a socket takes effect at once for HTTP too, and the session gets another
    socket key."""
    browser = browser_of_a_user(server_side)
    socket, key = browser.open_socket(), key_of(browser, server_side)

    socket.call("/set", method="post", json={"user": None})

    assert key_of(browser, server_side) not in (None, key)
    assert [order.code for order in browser.process.disconnected][-1] == 4001


def test_what_waits_behind_another_session_is_laid_over_that_session(server_side):
    """Of the changes that wait for a new socket one brings the cookie of another session. The
    changes after it apply to that session."""
    browser = browser_of(server_side)
    browser.identify.set(who)
    other = server_side.test_client()
    brought = other.post("/set", json={"user": 42}).headers.getlist("Set-Cookie")
    changes = [
        SessionChanges(cookies=tuple(brought), identities=(None, None, None)),
        SessionChanges(cookies=("theme=dark; Path=/",), identities=("42", "42")),
        SessionChanges(cookies=("remember=41; Path=/",), identities=("41", "41")),
    ]
    texts = [one.to_text(server_side, browser.digest) for one in changes]
    socket = SocketSession(server_side, browser.registry, CONNECTION_ID, browser.digest)

    environ = create_environ(headers={"Cookie": browser.cookies()})
    socket.begin(environ, create_environ(), texts)

    cookies = parse_cookie(socket.header("/")).to_dict()
    assert cookies == {"session": other.get_cookie("session").value, "theme": "dark"}


@pytest.mark.parametrize("is_permanent", [True, False])
def test_session_that_is_remembered_no_more_ends_with_its_browser(server_side, is_permanent):
    """A message makes a permanent session end with the browser. The cookie's id stays, and its
    expiry changes."""
    server_side.permanent_session_lifetime = 1000
    browser = browser_of(server_side)
    browser.client.post("/set", json={"_permanent": not is_permanent})
    socket = browser.open_socket()

    reply = socket.call("/set", method="post", json={"_permanent": is_permanent})
    (line,) = browser.take_over().headers.getlist("Set-Cookie")

    assert reply["session"]
    assert ("Expires=" in line) is is_permanent
    assert socket.call("/session").get("session") is None
