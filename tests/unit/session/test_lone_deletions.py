"""Deletions of Flask-Login's cookie that wait whatever becomes of the session."""

import flask_login
import pytest

from flask_realtime.session.lone_deletions import deletion_in, names_of_deletions
from flask_realtime.session.pending_changes import SessionChanges

DELETION = "remember_token=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/"
PAGE = "an-id-of-this-page"


@pytest.fixture
def remembered(settled):
    """Call a function in a request of a browser that Flask-Login remembers; return its value."""
    flask_login.LoginManager(settled).user_loader(lambda user_id: None)

    def remembered(function, cookie=None):
        with settled.app_context():
            cookie = flask_login.encode_cookie("ada") if cookie is None else cookie
        with settled.test_request_context(headers={"Cookie": f"remember_token={cookie}"}):
            return function()

    return remembered


def test_deletion_is_that_of_the_cookie_alone(remembered):
    """A message takes the cookie away and sets another: the first waits alone."""
    item = SessionChanges(cookies=("language=de; Path=/", DELETION))

    found = remembered(lambda: deletion_in(item))

    assert found.lines == (DELETION,)
    assert found.cookie.startswith("ada|")


@pytest.mark.parametrize("line", ["language=; Path=/", "remember_token=ada|1; Path=/"])
def test_nothing_else_waits_alone(remembered, line):
    """A message takes another cookie away, or sets this one."""
    assert remembered(lambda: deletion_in(SessionChanges(cookies=(line,)))) is None


def test_names_are_of_the_page_and_the_cookie(remembered):
    """Another page, or a browser with another cookie, gets nothing; a made-up one has no name."""
    (name,) = remembered(lambda: names_of_deletions(PAGE))

    assert remembered(lambda: names_of_deletions(PAGE)) == [name]
    assert remembered(lambda: names_of_deletions("another-page-of-it")) != [name]
    assert remembered(lambda: names_of_deletions(PAGE), "ada|0") == []


def test_app_that_tells_its_users_needs_none(identified, remembered):
    """There a log-out by a call ends the session, and what it changed waits for its page."""
    assert remembered(lambda: names_of_deletions(PAGE)) == []
    assert remembered(lambda: deletion_in(SessionChanges(cookies=(DELETION,)))) is None
