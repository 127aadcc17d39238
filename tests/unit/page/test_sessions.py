"""Reading the session of a request without side effects."""

import flask
import pytest
from cachelib import SimpleCache
from flask import g, session
from flask_session import Session

from flask_realtime.page.former_session import keep_snapshot, session_as_it_came
from flask_realtime.page.sessions import as_if, present_session, save_nothing, value_in


@pytest.fixture(params=["cookie", "server"])
def app(request):
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    if request.param == "server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    app.url_value_preprocessor(lambda endpoint, values: keep_snapshot())
    return app


def visit(app, view, **stored):
    """Return the second answer to a browser whose session holds *stored* at its request."""
    app.add_url_rule("/first", "first", lambda: session.update(stored) or "")
    app.add_url_rule("/", "view", view)
    client = app.test_client()
    client.get("/first")
    return client.get("/")


def test_reading_the_session_does_not_vary_the_response():
    """The extension reads the session of a page whose view does not use it. The page has no Vary:
    Cookie, and may be cached for all."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"

    def view():
        present_session()
        session_as_it_came()
        value_in(present_session(), "user")
        with as_if(present_session()):
            session.get("user")
        return ""

    assert "Cookie" not in visit(app, view, user=1).headers.get("Vary", "")


def test_code_sees_another_session_and_nothing_that_was_loaded_for_this_one(app):
    """Code runs with another session. It does not find the user that was loaded for the request's
    session."""

    def view():
        g.user = "of the present session"
        session["user"] = 2
        with as_if(session_as_it_came()):
            seen = [session["user"], "user" in g]
        return {"seen": seen, "after": [session["user"], g.user]}

    answer = visit(app, view, user=1).json

    assert answer == {"seen": [1, False], "after": [2, "of the present session"]}


def test_nothing_is_saved_where_nothing_shall_be(app):
    """Neither a change nor the renewal of a permanent session is sent to the browser."""

    def view():
        session.permanent = True
        session["user"] = 2
        save_nothing()
        return ""

    assert visit(app, view, user=1).headers.getlist("Set-Cookie") == []
