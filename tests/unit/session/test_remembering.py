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


def test_sockets_come_back_once_for_a_cookie_that_the_browser_does_not_keep(come_back):
    """Each answer sets the cookie anew, which no request brings."""
    assert [come_back() for _ in range(3)] == [True, False, False]


def test_sockets_come_back_again_later(come_back, monkeypatch):
    """A log-out may have been answered by another process meanwhile."""
    come_back()
    later = clock.monotonic() + remembering._SECONDS
    monkeypatch.setattr(clock, "monotonic", lambda: later)

    assert come_back()


def test_number_of_sessions_that_are_known_is_bounded(come_back, monkeypatch):
    """The oldest are forgotten first."""
    monkeypatch.setattr(remembering, "_MOST_KNOWN", 0)

    assert [come_back() for _ in range(2)] == [True, True]
