"""What the unit tests share."""

import flask
import pytest

from flask_realtime.threads import clock as package_clock

from .conversations import Browser, add_session_views


class StoppedClock:
    """The time of the whole package, which passes when the test adds to ``now``."""

    def __init__(self):
        self.now = 1_000_000.0


@pytest.fixture
def clock(monkeypatch):
    """A stopped clock, in place of the package's."""
    stopped = StoppedClock()
    monkeypatch.setattr(package_clock, "monotonic", lambda: stopped.now)
    monkeypatch.setattr(package_clock, "now", lambda: stopped.now)
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
