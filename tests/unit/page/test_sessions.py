"""The session of a request, looked at without a trace, and as it came."""

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
    """The second answer to a browser whose session holds *stored* when it comes."""
    app.add_url_rule("/first", "first", lambda: session.update(stored) or "")
    app.add_url_rule("/", "view", view)
    client = app.test_client()
    client.get("/first")
    return client.get("/")


def test_looking_is_no_use():
    """A page whose view leaves the session alone may be cached for all."""
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
    """Whatever a view did first, to a session in a cookie or on the server."""

    def view():
        before = session["user"]
        session.clear()
        session["user"] = 2
        came = session_as_it_came()
        return {"came": came["user"], "before": before, "now": session["user"]}

    assert visit(app, view, user=1).json == {"came": 1, "before": 1, "now": 2}


def test_session_as_it_came_outlives_its_place_on_the_server():
    """A view that has the session begun anew has removed the one that came from its store."""
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
    """A user that was loaded for the present session is not the other's."""

    def view():
        g.user = "of the present session"
        session["user"] = 2
        with as_if(session_as_it_came()):
            seen = [session["user"], "user" in g]
        return {"seen": seen, "after": [session["user"], g.user]}

    answer = visit(app, view, user=1).json

    assert answer == {"seen": [1, False], "after": [2, "of the present session"]}


def test_nothing_is_saved_where_nothing_shall_be(app):
    """Neither a change nor the renewal of a permanent session becomes the browser's."""

    def view():
        session.permanent = True
        session["user"] = 2
        save_nothing()
        return ""

    assert visit(app, view, user=1).headers.getlist("Set-Cookie") == []
