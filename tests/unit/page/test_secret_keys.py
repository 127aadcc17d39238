"""The app's secret keys, and the names that a session has by each of them."""

import flask
import pytest
from flask.sessions import SecureCookieSessionInterface

from flask_realtime.errors import InvalidSetting
from flask_realtime.identity.keys import session_digest
from flask_realtime.page.client import session_names
from flask_realtime.page.secret_keys import names_of_key


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="secret", SECRET_KEY_FALLBACKS=["former"])
    return app


def test_session_has_a_name_by_each_secret_key(app):
    """A process that was not restarted yet knows the session by the former key."""
    with app.test_request_context():
        names = names_of_key("key")

    assert names == [session_digest("secret", "key"), session_digest("former", "key")]


@pytest.mark.parametrize("names", [lambda: names_of_key(None), session_names])
def test_session_without_a_key_has_no_name_and_needs_no_secret_key(app, names):
    """An app without sessions has no secret key: what has no key is not held against it."""
    app.secret_key = None
    with app.test_request_context():
        found = names()

    assert found == []


def test_app_whose_sessions_are_gone_gets_an_error_for_a_key_alone(app):
    """Flask gives a request no session where its secret key is missing, or its store is away."""

    class Away(SecureCookieSessionInterface):
        def open_session(self, app, request):
            return None

    app.session_interface = Away()
    with app.test_request_context():
        assert names_of_key(None) == []
        with pytest.raises(InvalidSetting, match="SECRET_KEY"):
            names_of_key("key")
