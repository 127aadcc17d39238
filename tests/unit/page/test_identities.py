"""Whose a session is, as far as an app's function can tell that may fail."""

import pytest
from flask import session

from flask_realtime.page import identities
from flask_realtime.page.client import current_client
from flask_realtime.page.identities import identity_now, identity_that_came
from flask_realtime.page.user_loader import EXTENSION, Identify


@pytest.fixture
def app(app):
    app.extensions[EXTENSION] = Identify()
    app.extensions[EXTENSION].set(lambda: session["user"])
    return app


@pytest.fixture
def ask(app):
    """A function that calls a view with a session, and returns what the view returns."""

    def ask(view, **stored):
        found = []
        app.add_url_rule("/ask", "ask", lambda: found.append(view()) or "")
        client = app.test_client()
        with client.session_transaction() as opened:
            opened.update(stored)
        assert client.get("/ask").status_code == 200
        return found[0]

    return ask


def test_user_of_both_ends_of_a_request_is_known(ask):
    """One user's session becomes another's."""

    def view():
        session["user"] = 43
        return identity_that_came(), identity_now()

    assert ask(view, user=42) == ("42", "43")


def test_user_whom_the_app_cannot_tell_any_more_has_logged_out(ask, caplog):
    """The app's function fails behind a log-out. The log tells of it once in a request."""

    def view():
        session.clear()
        return identity_that_came(), identity_now(), identity_now()

    identities.warnings.forget()
    assert ask(view, user=42) == ("42", None, None)
    # What other tests have caused may be told of now, together.
    told = [one for one in caplog.records if "such warnings" not in one.getMessage()]
    assert [one.levelname for one in told] == ["WARNING"]


def test_session_whose_user_the_app_cannot_tell_counts_as_a_strangers(ask, caplog):
    """The request uses nothing of the library, and does not fail for it. The log has the error."""
    found = ask(lambda: (identity_that_came(), identity_now()))

    assert found == (None, None)
    errors = [one for one in caplog.records if one.levelname == "ERROR"]
    assert [one.exc_info[0] for one in errors] == [KeyError]


@pytest.mark.parametrize("identity", [identity_that_came, identity_now])
def test_request_that_acts_on_a_page_fails_where_the_app_cannot_tell_its_user(ask, identity):
    """Nobody knows for whom the page is."""

    def view():
        current_client()
        with pytest.raises(KeyError):
            identity()

    ask(view)


def test_page_fails_where_the_app_fails_to_tell_its_user_by_the_end_of_the_request(app, ask):
    """The function has told the user before. The user's page is not taken for a stranger's."""
    failing = []
    app.extensions[EXTENSION] = Identify()
    app.extensions[EXTENSION].set(lambda: 1 / 0 if failing else session["user"])

    def view():
        current_client()
        identity_that_came()
        failing.append(True)
        with pytest.raises(ZeroDivisionError):
            identity_now()
        failing.clear()

    ask(view, user=42)
