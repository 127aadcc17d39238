"""Deletions of Flask-Login's cookie that wait whatever becomes of the session."""

import flask_login
import pytest
from flask import request, session

from flask_realtime.identity.keys import session_digest
from flask_realtime.page.client import CAME, Came
from flask_realtime.session.lone_deletions import deletion_in, names_of_deletions, still_meant
from flask_realtime.session.pending_changes import SessionChanges

from ..conversations import Browser
from .pages import KEY

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


@pytest.mark.parametrize("has_ended", [True, None, False])
def test_deletion_of_the_present_session_is_made_once_that_has_ended(remembered, has_ended):
    """While the session lives, the deletion has been made together with the log-out, which may be
    long ago; one is made where Redis does not tell."""
    alone = ("name", SessionChanges(cookies=(DELETION,), session=session_digest("secret", KEY)))

    def ask():
        request.environ[CAME] = Came(KEY, None)
        session.update(_user_id="ada", _fresh=True)
        return still_meant([alone], [], lambda names, heir: has_ended)

    assert remembered(ask) == ([] if has_ended is False else [alone])


@pytest.mark.parametrize(
    ("user", "is_made"),
    [({"_user_id": "ada", "_fresh": True}, False), ({"_user_id": "ada", "_fresh": False}, True)],
    ids=["password", "cookie"],
)
def test_deletion_of_a_former_session_is_made_unless_somebody_has_logged_in(
    remembered, user, is_made
):
    """Somebody has shown a password since, and is remembered by the same cookie; or the cookie has
    logged the user in again, which it may not."""
    alone = ("name", SessionChanges(cookies=(DELETION,), session="a-former-session"))

    def ask():
        request.environ[CAME] = Came(KEY, None)
        session.update(user)
        return still_meant([alone], [], lambda names, heir: True)

    assert remembered(ask) == ([alone] if is_made else [])


def test_deletion_waits_before_what_it_is_a_part_of(app):
    """A page that fetches the log-out as soon as it is there takes the deletion as well."""
    flask_login.LoginManager(app).user_loader(lambda user_id: None)
    app.add_url_rule(
        "/logout", "logout", lambda: flask_login.logout_user() and "", methods=["POST"]
    )
    browser = Browser(app)
    with app.app_context():
        browser.client.set_cookie("remember_token", flask_login.encode_cookie("ada"))
    deposited, deposit = [], browser.registry.deposit
    browser.registry.deposit = lambda *item: deposited.append(item[0]) or deposit(*item)

    browser.open_socket().call("/logout", method="post")

    assert deposited.index(browser.digest) == len(deposited) - 1 == 1
