"""The session of a socket, and its changes that wait for the browser."""

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
    """Stop the time for the package, for signed cookies and for the browser; call the result with
    seconds to move it."""
    now = [clock.now()]
    monkeypatch.setattr("time.time", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


class Moved(SecureCookieSessionInterface):
    """A session interface that sets cookies' expiry by the test's clock, because the test cannot
    move Flask's own."""

    def get_expiration_time(self, app, session):
        ends_at = clock.now() + app.permanent_session_lifetime.total_seconds()
        return datetime.fromtimestamp(ends_at, timezone.utc) if session.permanent else None


def test_permanent_session_slides_over_the_socket(app, moved):
    """A visitor only makes calls and loads no page. The permanent session is renewed, and does not
    expire meanwhile."""
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

    # At most once in a tenth of its lifetime.
    assert told == [None, True] * 5
    assert browser.session() == {"_permanent": True, "user": 42}


# How a cookie with a lifetime of 100 s gives its expiry, and after which of five responses its
# browser is told.
TOLD = {
    "max_age": [True, None, True, None, True],
    "expires": [True, None, True, None, True],
    "max_age expires": [True, None, True, None, True],
    "": [True, None, None, None, None],
    # The browser may hold more of such cookies, for other paths, than the handshake showed.
    "deleted": [True] * 5,
}


@pytest.mark.parametrize("how", TOLD)
def test_cookie_that_ends_later_is_handed_on_once_in_a_tenth_of_its_life(app, moved, how):
    """Each response renews a cookie for a user, a language or a token. The browser is told before
    the cookie expires, but not each time."""

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
    """A session interface as in Flask-Login's documentation: requests of an API get no session
    cookie."""

    def open_session(self, app, request):
        g.has_opened = True
        return super().open_session(app, request)

    def save_session(self, app, session, response):
        if g.get("login_via_header"):
            return
        super().save_session(app, session, response)


def test_session_interface_that_reads_g_works_in_every_socket(app):
    """The session interface always runs in a context, also for a socket that opens while changes of
    the last one still wait for the browser."""
    app.session_interface = ReadsG()
    browser = Browser(app)
    browser.open_socket().call("/set", method="post", json={"a": 1})

    reply = browser.open_socket().call("/session")

    assert (reply["status"], reply["body"]) == (200, {"a": 1})
    browser.take_over()
    assert browser.session() == {"a": 1}


class Plain(SecureCookieSessionInterface):
    """A session interface with a cookie format of its own, as those that encrypt it have."""

    def open_session(self, app, request):
        value = request.cookies.get(self.get_cookie_name(app))
        return self.session_class(json.loads(b64decode(value)) if value else {})

    def save_session(self, app, session, response):
        if self.should_set_cookie(app, session):
            value = b64encode(json.dumps(dict(session)).encode()).decode()
            ends_at = datetime.fromtimestamp(clock.now() + 100, timezone.utc)
            response.set_cookie(self.get_cookie_name(app), value, expires=ends_at)


def test_session_whose_cookie_the_app_writes_by_itself_slides(app, moved):
    """The time in such a cookie cannot be read. The page is still told in time, and not at each
    message."""
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
    """A change conflicts with the present session. Neither socket nor browser applies it."""
    browser = Browser(app)
    browser.open_socket().call("/set", method="post", json={"a": 1, "b": 1})
    browser.client.post("/set", json={"a": 9})

    socket = browser.open_socket()

    assert socket.call("/session")["body"] == {"a": 9}


class Counting(SecureCookieSessionInterface):
    """A session interface that counts how often it opens a session."""

    opened = 0

    def open_session(self, app, request):
        self.opened += 1
        return super().open_session(app, request)


def test_changes_that_wait_are_laid_over_a_new_socket_together(app):
    """A thousand changes wait. A new socket opens the session a few times only."""
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
    """A message that logs in cannot set a cookie. The session gets its new key when the browser
    fetches the change, and earlier subscriptions end."""
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
    """A log-in on one socket closes the page's other socket. The page reloads at once, and finds
    the log-in."""
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
    """A log-in waits, and the browser logs in as another user. Nothing of the first applies."""
    browser = identified
    browser.open_socket().call("/set", method="post", json={"user": 42, "name": "bob"})
    with browser.client.session_transaction() as stored:
        stored["user"] = 41

    browser.take_over()

    assert browser.session() == {"user": 41}


def test_cookie_that_waits_lands_in_nobody_elses_session(app, identified):
    """A waiting "remember me" cookie is not given to another user's browser."""

    @app.post("/remember")
    def remember():
        response = Response("")
        response.set_cookie("remember", "42")
        return response

    browser = identified
    with browser.client.session_transaction() as stored:
        stored["user"] = 42
    # As if the session belonged to another user, without another key.
    socket = browser.open_socket()
    socket.call("/remember", method="post")
    with browser.client.session_transaction() as stored:
        stored["user"] = 41

    handed = browser.take_over().headers.getlist("Set-Cookie")

    assert not [line for line in handed if line.startswith("remember")]


def test_what_waited_before_a_log_out_is_dropped_by_it(identified):
    """A change waits that no browser has fetched. A log-out drops it, so the next user does not get
    it."""
    browser = identified
    with browser.client.session_transaction() as stored:
        stored["user"] = 42
    socket = browser.open_socket()
    # The digest of the page contains its user.
    socket.call("/set", method="post", json={"cart": [1]})
    socket.call("/set", method="post", json={"user": None})

    texts = browser.registry.collect(browser.digest, "taker")

    assert len(texts) == 1
