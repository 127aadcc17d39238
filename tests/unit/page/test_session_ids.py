"""The id under which the app's store keeps a session."""

import pytest
from cachelib import SimpleCache
from flask import Flask, session
from flask_session import Session

from flask_realtime.page.session_ids import (
    given_up_cookie,
    has_unknown_id,
    note_id,
    renew_id,
    session_cookie,
)


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret", SESSION_TYPE="cachelib")
    app.config["SESSION_CACHELIB"] = SimpleCache()
    Session(app)
    app.url_value_preprocessor(lambda endpoint, values: note_id())
    app.add_url_rule("/in", "in", lambda: session.update(user="ada") or "")
    return app


@pytest.fixture
def ask(app):
    """A function that returns what a view says of the session's id."""
    views, client = [], app.test_client()
    app.add_url_rule("/ask", "ask", lambda: views[-1]())
    client.get("/in")

    def ask(view):
        views.append(view)
        return client.get("/ask").json

    return ask


def test_id_that_the_store_knows_stays(ask):
    """A visitor's session is found under the id of its cookie."""
    assert ask(lambda: [bool(session_cookie()), has_unknown_id(), given_up_cookie()]) == [
        True, False, "",
    ]  # fmt: skip


def test_id_that_is_renewed_is_given_up(ask):
    """A log-in gives the session another id."""

    def view():
        came = session_cookie()
        renew_id()
        return [came == given_up_cookie()]

    assert ask(view) == [True]


def test_id_that_the_store_has_dropped_is_unknown(app, ask):
    """The session was deleted meanwhile: no request gives up an id that is not its own."""
    app.config["SESSION_CACHELIB"].clear()

    assert ask(lambda: [has_unknown_id(), given_up_cookie()]) == [True, ""]


def test_session_in_its_cookie_has_no_id():
    """Flask's own session is named by nothing."""
    app = Flask(__name__)
    app.secret_key = "a secret"

    with app.test_request_context(headers={"Cookie": "session=x"}):
        note_id()
        assert (session_cookie(), has_unknown_id(), given_up_cookie()) == ("", False, "")
