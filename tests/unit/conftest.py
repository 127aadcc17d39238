"""Fixtures that unit tests of several folders share."""

import flask
import pytest
from sqlalchemy.orm import Session

from flask_realtime.threads import clock as package_clock

from .conversations import Browser, add_session_views
from .processes import Process
from .watched import two_models


class StoppedClock:
    """The package's clock, which stands still until the test adds to ``now``, or to ``worked``: the
    time in which the thread did not wait."""

    def __init__(self):
        self.now = 1_000_000.0
        self.worked = 0.0


@pytest.fixture
def clock(monkeypatch):
    """A stopped clock in place of the package's."""
    stopped = StoppedClock()
    monkeypatch.setattr(package_clock, "monotonic", lambda: stopped.now)
    monkeypatch.setattr(package_clock, "now", lambda: stopped.now)
    monkeypatch.setattr(package_clock, "worked", lambda: stopped.worked)
    return stopped


@pytest.fixture
def app():
    """An app without the extension, with views that change its session."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    add_session_views(app)
    return app


@pytest.fixture
def browser(app):
    """A browser of ``app``, whose pages have sockets."""
    return Browser(app)


@pytest.fixture
def short_goodbyes(monkeypatch):
    """A closing socket does not wait for its peer, which is the test itself, for seconds."""
    monkeypatch.setattr("flask_realtime.connection.parting.CLOSE_SECONDS", 0.1)


@pytest.fixture
def process():
    """The process that serves a test's requests."""
    process = Process()
    yield process
    process.close()


@pytest.fixture
def rows():
    """Two mapped classes, ``room`` and ``message``, and some of their rows in a database."""
    with two_models() as rows:
        yield rows


@pytest.fixture
def session(rows):
    """A session of SQLAlchemy's over the database of ``rows``."""
    with Session(rows.engine) as session:
        yield session
