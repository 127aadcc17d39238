"""What one message of a socket does to its cookies: one that ends later is told of in time."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime, timezone

import pytest
from flask import Response
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
        told.append("session" in socket.call("/session"))
        if told[-1]:
            (line,) = browser.take_over().headers.getlist("Set-Cookie")
            assert line.startswith("session=")

    # At most once in a tenth of its lifetime.
    assert told == [False, True] * 5
    assert browser.session() == {"_permanent": True, "user": 42}


# How a cookie with a lifetime of 100 s gives its expiry, and after which of five responses its
# browser is told.
TOLD = {
    "max_age": [True, False, True, False, True],
    "expires": [True, False, True, False, True],
    "max_age expires": [True, False, True, False, True],
    "": [True, False, False, False, False],
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
        told.append("session" in socket.call("/remember"))
        moved(6)

    assert told == TOLD[how]


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
    assert ["session" in reply for reply in replies] == [True, False, True, False, True]
