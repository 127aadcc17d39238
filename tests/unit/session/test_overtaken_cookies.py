"""What messages have set, and a later log-in or log-out has overtaken."""

import flask_login
import pytest
from flask import session

from flask_realtime.session.overtaken_cookies import cookies_still_meant
from flask_realtime.session.pending_changes import SessionChanges

DELETION = "remember_token=; Path=/; Max-Age=0"


@pytest.fixture
def app(app_with_log_ins):
    return app_with_log_ins


@pytest.fixture
def renewal(app):
    """The line by which a message has renewed the cookie of the user 42."""
    with app.app_context():
        return f"remember_token={flask_login.encode_cookie('42')}; Path=/"


@pytest.mark.parametrize(("user", "is_meant"), [("42", True), ("43", False), (None, False)])
def test_user_is_remembered_who_is_still_logged_in(app, renewal, user, is_meant):
    """The cookie of one who has logged out is dropped, and that of one whom another replaced."""
    with app.test_request_context():
        if user:
            session["_user_id"] = user

        assert (renewal in cookies_still_meant(SessionChanges(cookies=(renewal,)))) is is_meant


def test_user_counts_whom_the_browser_remembers(app, renewal):
    """No view has asked yet who the visitor is."""
    cookie = renewal.partition(";")[0]
    with app.test_request_context(headers={"Cookie": cookie}):
        assert cookies_still_meant(SessionChanges(cookies=(renewal,))) == [renewal]
    with app.test_request_context(headers={"Cookie": "remember_token=forged"}):
        assert cookies_still_meant(SessionChanges(cookies=(renewal,))) == []


def test_deletion_and_other_cookies_are_meant(app):
    """They undo nothing."""
    lines = (DELETION, "theme=dark; Path=/")
    with app.test_request_context():
        assert cookies_still_meant(SessionChanges(cookies=lines)) == [*lines]


def test_id_that_the_session_has_given_up_is_dropped(app):
    """The browser has the session's next id by now."""
    item = SessionChanges(cookies=("session=former; Path=/",))
    with app.test_request_context(headers={"Cookie": "session=former"}):
        assert cookies_still_meant(item) == ["session=former; Path=/"]
    with app.test_request_context(headers={"Cookie": "session=next"}):
        assert cookies_still_meant(item) == []
