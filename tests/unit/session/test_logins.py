"""A log-in by Flask-Login, which proves a password, in a browser whose session has ended."""

import flask_login
import pytest
from flask import session

from flask_realtime.identity.keys import session_digest
from flask_realtime.page.user_loader import EXTENSION

from .views import KEY

USER = flask_login.UserMixin()
USER.id = "42"


@pytest.fixture
def app(settled):
    settled.extensions[EXTENSION].set(flask_login)
    flask_login.LoginManager(settled).user_loader(lambda user_id: USER)
    return settled


def log_in():
    flask_login.login_user(USER)
    return "<body>in</body>"


def log_in_anew():
    session.clear()
    return log_in()


@pytest.mark.parametrize("view", [log_in, log_in_anew])
def test_log_in_of_the_same_user_gives_an_ended_session_a_living_key(app, process, visit, view):
    """A log-in gives an ended session a new key with which its pages may connect; a mere copy of
    the cookie cannot do that."""
    process.registry.end_session(session_digest("secret", KEY))

    visit(view, socket_key=KEY, _user_id="42")

    assert visit.session["socket_key"] not in (None, KEY)


def test_log_in_of_the_same_user_leaves_a_living_session_its_key(app, process, visit):
    """A user logs in again in a session that has not ended. Its key stays, and so do the user's
    other pages."""
    visit(log_in, socket_key=KEY, _user_id="42")

    assert visit.session["socket_key"] == KEY
    assert process.disconnected == []


def test_page_for_a_known_user_gives_an_ended_session_no_living_key(app, process, visit):
    """A page reads current_user in an ended session. That is not a log-in, and its pages may not
    connect."""
    process.registry.end_session(session_digest("secret", KEY))

    def look():
        session["seen"] = flask_login.current_user.id
        return "<body>hello</body>"

    visit(look, socket_key=KEY, _user_id="42")

    assert visit.session["socket_key"] == KEY
