"""Sessions of a class of the app's own that lacks what Flask's have."""

import pytest
from flask import session
from flask.sessions import SessionInterface

from flask_realtime.errors import InvalidSetting


class Made(dict):
    """What a middleware keeps of a visitor."""


class Recipes(SessionInterface):
    """Takes what a middleware has made for a session, as an old recipe does."""

    def open_session(self, app, request):
        return Made()

    def save_session(self, app, session, response):
        pass


@pytest.fixture
def app(plain_app, realtime):
    app = plain_app
    app.testing = True
    app.session_interface = Recipes()
    realtime.init_app(app)
    app.add_url_rule("/", "hello", lambda: "hello")
    app.add_url_rule("/page", "page", lambda: f"<body>{session.get('user')}</body>")
    return app


@pytest.mark.parametrize("path", ["/", "/page", "/nowhere"])
def test_session_that_does_not_tell_of_changes_is_named(app, path):
    """The error names the interface, and says what its sessions have to be."""
    with pytest.raises(InvalidSetting, match=r"Recipes, is a Made,.*SessionMixin"):
        app.test_client().get(path)
