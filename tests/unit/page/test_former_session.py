"""The session as it was when the request came."""

import flask
import pytest
from cachelib import SimpleCache
from flask import session
from flask_session import Session

from flask_realtime.page.former_session import keep_snapshot, session_as_it_came

from .test_sessions import visit


@pytest.fixture(params=[False, True], ids=["cookie", "server"])
def app(request):
    """An app that keeps its sessions in cookies, or on the server."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    if request.param:
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    app.url_value_preprocessor(lambda endpoint, values: keep_snapshot())
    return app


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
