"""Reading the session of a request without side effects, and reading it as it came in."""

import flask
import pytest
from cachelib import SimpleCache
from flask import g, session
from flask_session import Session

from flask_realtime.page.sessions import (
    as_if,
    keep_snapshot,
    present_session,
    save_nothing,
    session_as_it_came,
    value_in,
)


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


def test_session_as_it_came_is_not_as_it_was_left(app):
    """A view has changed the session, which is in a cookie or on the server. The session as it came
    in does not show the change."""

    def view():
        before = session["user"]
        session.clear()
        session["user"] = 2
        came = session_as_it_came()
        return {"came": came["user"], "before": before, "now": session["user"]}

    assert visit(app, view, user=1).json == {"came": 1, "before": 1, "now": 2}


def test_session_as_it_came_outlives_its_place_on_the_server():
    """A view has replaced a session on the server, which removed the old one from its store. The
    session as it came in can still be read."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)
    app.url_value_preprocessor(lambda endpoint, values: keep_snapshot())

    def view():
        app.session_interface.regenerate(session)
        session.clear()
        return {"came": session_as_it_came()["user"]}

    assert visit(app, view, user=1).json == {"came": 1}


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
