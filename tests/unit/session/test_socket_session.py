"""The session of one socket, and what of it waits for the browser."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime, timezone

import pytest
from flask import Response, g, session
from flask.sessions import SecureCookieSessionInterface

from flask_realtime.identity.keys import SOCKET_KEY
from flask_realtime.threads import clock

from ..conversations import Browser


@pytest.fixture
def moved(monkeypatch):
    """Has the time stand still, for the package, for what signs cookies and for the browser; moves
    it by some seconds."""
    now = [clock.now()]
    monkeypatch.setattr("time.time", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


class Moved(SecureCookieSessionInterface):
    """Ends cookies by the clock that a test moves; Flask's own is out of its reach."""

    def get_expiration_time(self, app, session):
        ends_at = clock.now() + app.permanent_session_lifetime.total_seconds()
        return datetime.fromtimestamp(ends_at, timezone.utc) if session.permanent else None


def test_permanent_session_slides_over_the_socket(app, moved):
    """A visitor who only calls, and loads no page, is not logged out in the midst of it."""
    app.permanent_session_lifetime = 100
    app.session_interface = Moved()
    browser = Browser(app)
    with browser.client.session_transaction() as stored:
        stored.permanent = True
        stored["user"] = 42
    socket = browser.open_socket()

    told = []
    for _ in range(10):
        moved(6)
        told.append(socket.call("/session").get("session"))
        if told[-1]:
            (line,) = browser.take_over().headers.getlist("Set-Cookie")
            assert line.startswith("session=")

    # At most once in a tenth of its life.
    assert told == [None, True] * 5
    assert browser.session() == {"_permanent": True, "user": 42}


# By how a cookie of 100 seconds says when it ends, in which of five answers its browser is told.
TOLD = {
    "max_age": [True, None, True, None, True],
    "expires": [True, None, True, None, True],
    "max_age expires": [True, None, True, None, True],
    "": [True, None, None, None, None],
    # The browser may hold more of them, of other paths, than the handshake showed.
    "deleted": [True] * 5,
}


@pytest.mark.parametrize("how", TOLD)
def test_cookie_that_ends_later_is_handed_on_once_in_a_tenth_of_its_life(app, moved, how):
    """One that remembers a user, a language or a token is renewed by each answer, and its browser
    is told in time."""

    @app.get("/remember")
    def remember():
        ends = {"max_age": 100, "expires": clock.now() + 100}
        response = Response("")
        if how == "deleted":
            response.delete_cookie("remember")
        else:
            response.set_cookie("remember", "me", **{one: ends[one] for one in how.split()})
        return response

    browser = Browser(app)
    socket = browser.open_socket()

    told = []
    for _ in range(5):
        told.append(socket.call("/remember").get("session"))
        moved(6)

    assert told == TOLD[how]


class ReadsG(SecureCookieSessionInterface):
    """As Flask-Login documents it: an API's requests get no cookie."""

    def open_session(self, app, request):
        g.has_opened = True
        return super().open_session(app, request)

    def save_session(self, app, session, response):
        if g.get("login_via_header"):
            return
        super().save_session(app, session, response)


def test_session_interface_that_reads_g_works_in_every_socket(app):
    """Whatever of the app is called runs in a context, also for a socket that comes back before
    its browser has taken over what the last one changed."""
    app.session_interface = ReadsG()
    browser = Browser(app)
    browser.open_socket().call("/set", method="post", json={"a": 1})

    reply = browser.open_socket().call("/session")

    assert (reply["status"], reply["body"]) == (200, {"a": 1})
    browser.take_over()
    assert browser.session() == {"a": 1}


class Plain(SecureCookieSessionInterface):
    """Writes the cookie in a way of its own, as those do that encrypt it."""

    def open_session(self, app, request):
        value = request.cookies.get(self.get_cookie_name(app))
        return self.session_class(json.loads(b64decode(value)) if value else {})

    def save_session(self, app, session, response):
        if self.should_set_cookie(app, session):
            value = b64encode(json.dumps(dict(session)).encode()).decode()
            ends_at = datetime.fromtimestamp(clock.now() + 100, timezone.utc)
            response.set_cookie(self.get_cookie_name(app), value, expires=ends_at)


def test_session_whose_cookie_the_app_writes_by_itself_slides(app, moved):
    """When it was set is not to be read in it; the page is told in time, and not each time."""
    app.session_interface = Plain()
    browser = Browser(app)
    browser.client.post("/set", json={"_permanent": True, "user": 42, SOCKET_KEY: browser.key})
    socket = browser.open_socket()

    replies = []
    for _ in range(5):
        replies.append(socket.call("/session"))
        moved(6)

    assert [reply["body"] for reply in replies] == [{"_permanent": True, "user": 42}] * 5
    assert [reply.get("session") for reply in replies] == [True, None, True, None, True]


def test_change_that_no_longer_fits_is_not_laid_over_a_new_socket(app):
    """A socket and its browser come to the same end."""
    browser = Browser(app)
    browser.open_socket().call("/set", method="post", json={"a": 1, "b": 1})
    browser.client.post("/set", json={"a": 9})

    socket = browser.open_socket()

    assert socket.call("/session")["body"] == {"a": 9}


class Counting(SecureCookieSessionInterface):
    """Counts how often a session is opened."""

    opened = 0

    def open_session(self, app, request):
        self.opened += 1
        return super().open_session(app, request)


def test_changes_that_wait_are_laid_over_a_new_socket_together(app):
    """A visitor may have a thousand of them wait, and open socket after socket."""
    browser = Browser(app)
    socket = browser.open_socket()
    for number in range(20):
        socket.call("/set", method="post", json={"count": number})
    app.session_interface = interface = Counting()

    reply = browser.open_socket().call("/session")

    assert reply["body"] == {"count": 19}
    assert interface.opened < 5


# Log-ins and log-outs over a socket.


def who():
    return session.get("user")


@pytest.fixture
def identified(app):
    browser = Browser(app)
    browser.identify.set(who)
    return browser


def test_log_in_over_a_socket_rotates_when_the_browser_takes_it(identified):
    """Its message cannot set a cookie; what the session was granted before ends all the same."""
    browser = identified
    socket = browser.open_socket()

    reply = socket.call("/set", method="post", json={"user": 42})
    before = browser.process.disconnected
    came_back = browser.registry.connect(browser.digest, "1")
    browser.take_over()

    assert reply["session"] is True
    assert [order.code for order in before] == [4001]
    assert came_back.has_ended
    assert browser.session() == {"user": 42}
    with browser.client.session_transaction() as stored:
        assert stored[SOCKET_KEY] != browser.key


@pytest.mark.parametrize("by", ["a message", "a hook"])
def test_page_that_is_told_to_come_back_finds_what_has_changed(identified, by):
    """Its socket is closed for a log-in on another one, and it loads itself again at once."""
    browser, sessions = identified, []

    def come_back():
        browser.take_over()
        sessions.append(browser.session())

    browser.process.when_disconnected = come_back
    socket = browser.open_socket()
    if by == "a message":
        socket.call("/set", method="post", json={"user": 42})
    else:
        socket.conversation.run_hook(lambda: session.update(user=42))

    assert sessions == [{"user": 42}]


def test_log_in_that_waits_lands_in_nobody_elses_session(identified):
    """Neither whole nor by half: the browser has logged in as another user meanwhile."""
    browser = identified
    browser.open_socket().call("/set", method="post", json={"user": 42, "name": "bob"})
    with browser.client.session_transaction() as stored:
        stored["user"] = 41

    browser.take_over()

    assert browser.session() == {"user": 41}


def test_cookie_that_waits_lands_in_nobody_elses_session(app, identified):
    """A cookie that remembers one user is not given to another."""

    @app.post("/remember")
    def remember():
        response = Response("")
        response.set_cookie("remember", "42")
        return response

    browser = identified
    with browser.client.session_transaction() as stored:
        stored["user"] = 42
    # As if the session had come to be another's without another key.
    socket = browser.open_socket()
    socket.call("/remember", method="post")
    with browser.client.session_transaction() as stored:
        stored["user"] = 41

    handed = browser.take_over().headers.getlist("Set-Cookie")

    assert not [line for line in handed if line.startswith("remember")]


def test_what_waited_before_a_log_out_is_dropped_by_it(identified):
    """A change that no browser has fetched is not given to the next user."""
    browser = identified
    with browser.client.session_transaction() as stored:
        stored["user"] = 42
    socket = browser.open_socket()
    # The page's digest holds its user.
    socket.call("/set", method="post", json={"cart": [1]})
    socket.call("/set", method="post", json={"user": None})

    texts = browser.registry.collect(browser.digest, "taker")

    assert len(texts) == 1
