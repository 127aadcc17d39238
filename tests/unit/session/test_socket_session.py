"""The session of a socket, and its changes that wait for the browser."""

from __future__ import annotations

import pytest
from flask import Response, g, session
from flask.sessions import SecureCookieSessionInterface

from flask_realtime.identity.keys import SOCKET_KEY

from ..conversations import Browser


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


def test_teardown_function_that_counts_on_the_app_is_passed_over(app):
    """A teardown function gives back what a before_request function takes. None runs as the changes
    of the last socket are laid over the next one, whose messages are answered all the same."""
    browser = Browser(app)
    app.before_request(lambda: setattr(g, "taken", ["connection"]))
    app.teardown_request(lambda error: g.taken.pop())
    browser.open_socket().call("/set", method="post", json={"a": 1})

    reply = browser.open_socket().call("/session")

    assert (reply["status"], reply["body"]) == (200, {"a": 1})


class Querying(SecureCookieSessionInterface):
    """A session interface that takes a connection to a database, which fails then."""

    def open_session(self, app, request):
        g.taken = "connection"
        raise ConnectionError("the database is away")


def test_what_a_store_takes_before_it_fails_is_given_back(app):
    """The store of the sessions fails as changes are laid over a new socket. The app's teardown
    functions run, as behind a request by HTTP."""
    returned = []
    app.teardown_appcontext(lambda error: returned.append(g.get("taken")))
    browser = Browser(app)
    browser.open_socket().call("/set", method="post", json={"a": 1})
    socket = browser.open_socket()
    app.session_interface = Querying()
    returned.clear()

    assert socket.call("/session")["status"] == 500
    assert returned == ["connection"]


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

    assert reply["session"]
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


def test_what_waited_before_a_log_out_is_left_to_the_user_who_logs_out(identified):
    """A change waits that no browser has fetched. The page that logs out makes it before the
    log-out; where the session is another user's meanwhile, nothing of it is made."""
    browser = identified
    with browser.client.session_transaction() as stored:
        stored["user"] = 42
    socket = browser.open_socket()
    # The digest of the page contains its user.
    socket.call("/set", method="post", json={"cart": [1]})
    socket.call("/set", method="post", json={"user": None})
    with browser.client.session_transaction() as stored:
        stored["user"] = 41

    browser.take_over()

    assert "cart" not in browser.session()
