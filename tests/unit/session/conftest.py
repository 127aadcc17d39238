"""Fixtures for requests of one app."""

import flask
import flask_login
import pytest
from cachelib import SimpleCache
from flask import session
from flask_session import Session

from flask_realtime import Realtime
from flask_realtime.page import identities
from flask_realtime.page.identities import logger
from flask_realtime.page.user_loader import EXTENSION
from flask_realtime.session import end_reports, endings
from flask_realtime.session.end_of_request import EndOfRequest
from flask_realtime.session.endings import Endings
from flask_realtime.session.page_subscriptions import Grants

from .pages import KEY, make_app, settle
from .refusing import Here, Refusing


@pytest.fixture(autouse=True)
def told_at_once(monkeypatch):
    """Of an app's function that fails the log tells at once, and not while another test runs."""
    monkeypatch.setattr(identities.warnings, "warn", lambda _kind, line: logger.warning(line))


@pytest.fixture
def plain_app():
    """An app with settings for the extension, which it has yet to get."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory")
    return app


@pytest.fixture
def app_with_log_ins(plain_app):
    """An app with Flask-Login."""
    flask_login.LoginManager(plain_app)
    return plain_app


@pytest.fixture
def realtime():
    """The extension, which has yet to get its app."""
    return Realtime()


@pytest.fixture
def app_with_users(plain_app, realtime):
    """An app with the extension, whose sessions say which users they belong to."""
    realtime.init_app(plain_app)
    realtime.identify(lambda: session.get("user"))
    return plain_app


@pytest.fixture
def grants(process):
    return Grants(lambda: process)


@pytest.fixture
def granting(process, grants):
    """An app whose requests are settled."""
    return make_app(process, grants)


@pytest.fixture
def ask(granting):
    """A function that requests a view and returns the response.

    The request's session has a socket key, and what is given as *stored*.
    """
    client = granting.test_client()

    def visit(view, has_session=True, method="GET", headers=None, **stored):
        granting.add_url_rule("/", "view", view, methods=["GET", "POST"])
        if has_session:
            with client.session_transaction() as opened:
                opened.update(socket_key=KEY, **stored)
        return client.open("/", method=method, headers=headers)

    return visit


@pytest.fixture
def end_of_request(process):
    return EndOfRequest(lambda: process, Grants(lambda: process))


@pytest.fixture(params=["cookie", "server"])
def settled(request, process, end_of_request):
    """An app whose requests are settled, with its session in a cookie or kept by the server."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    if request.param == "server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    settle(app, end_of_request)
    return app


@pytest.fixture
def identified(settled):
    settled.extensions[EXTENSION].set(lambda: session.get("user"))
    return settled


@pytest.fixture
def visit(settled, process):
    """The second answer to a browser whose session holds a socket key, and *stored*, when it comes.
    The session after it is kept in ``visit.session``."""

    def visit(view, **stored):
        settled.add_url_rule("/first", "first", lambda: session.update(stored) or "")
        settled.add_url_rule("/", "view", view, methods=["GET", "POST"])
        settled.add_url_rule("/after", "after", lambda: dict(session))
        client = settled.test_client()
        client.get("/first")
        response = client.post("/")
        visit.before_sent = list(process.disconnected)
        response.close()
        visit.session = client.get("/after").json
        return response

    return visit


@pytest.fixture
def registry():
    return Refusing()


@pytest.fixture
def here():
    return Here()


@pytest.fixture
def queue(monkeypatch, registry, here):
    """The queue that sends ends to the registry, and soon tries again those that *registry* has
    refused."""
    monkeypatch.setattr(endings, "RETRY_SECONDS", 0.01)
    # A loaded machine is slow; a test about lateness sets its own value.
    monkeypatch.setattr(end_reports, "LATE_MS", 1_000_000)
    queue = Endings(registry, here)
    yield queue
    queue.close()
