"""Sockets that come back where Flask-Login begins to remember their user, or ceases to."""

import flask_login
import pytest
from flask import make_response, session

from flask_realtime.session import remembering
from flask_realtime.threads import clock

from .views import KEY


@pytest.fixture
def come_back(settled, process):
    """Answer a request, and return whether the session's sockets come back."""
    flask_login.LoginManager(settled).user_loader(lambda user_id: None)

    @settled.get("/")
    def renew():
        session.update(socket_key=KEY, visits=session.get("visits", 0) + 1)
        response = make_response("")
        response.set_cookie("remember_token", "of a user")
        return response

    browser = settled.test_client()

    def come_back():
        before = len(process.disconnected)
        browser.get("/").close()
        browser.delete_cookie("remember_token")
        return len(process.disconnected) > before

    come_back()
    return come_back


@pytest.fixture
def moment(monkeypatch):
    """The time that is told to the library, which a test may set."""
    moment = [clock.monotonic()]
    monkeypatch.setattr(clock, "monotonic", lambda: moment[0])
    return moment


def test_sockets_come_back_for_each_log_in_though_another_process_answered_the_log_out(come_back):
    """A user who is remembered logs in, out, and in again, and the log-out is answered by another
    process. The sockets come back for both log-ins: else another tab's socket would lack the
    cookie, and its log-out would leave the browser logged in."""
    assert [come_back() for _ in range(2)] == [True, True]


def test_sockets_come_back_a_few_times_for_a_cookie_that_the_browser_does_not_keep(
    come_back, moment
):
    """Each answer sets the cookie anew, which no request brings."""
    assert [come_back() for _ in range(6)] == [True, True, True, True, False, False]


def test_sockets_come_back_once_a_minute_for_such_a_cookie(come_back, moment):
    """By then it may be one that the browser keeps."""
    for _ in range(6):
        come_back()
    later = []
    for _ in range(2):
        moment[0] += remembering._SECONDS
        later.append([come_back() for _ in range(2)])

    assert later == [[True, False], [True, False]]


def test_number_of_sessions_that_are_known_is_bounded(come_back, monkeypatch):
    """The oldest are forgotten first."""
    monkeypatch.setattr(remembering, "_MOST_KNOWN", 0)

    assert [come_back() for _ in range(2)] == [True, True]
