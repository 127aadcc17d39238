"""The digests of the page that made a request."""

import flask
import pytest

from flask_realtime.identity.keys import SOCKET_KEY, digest
from flask_realtime.page.asking_digests import asking_digests
from flask_realtime.page.client import SOCKET_IN_ENVIRON, SocketOfMessage

ID = "an-id-of-this-page"


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="secret", SECRET_KEY_FALLBACKS=["former"])
    return app


def asked(app, key="key", environ=None, **options):
    with app.test_request_context(environ_overrides=environ, **options):
        if key:
            flask.session[SOCKET_KEY] = key
            flask.session.modified = False
        return asking_digests()


def test_page_is_known_by_each_of_the_secret_keys(app):
    """A page may have been rendered before the secret key was exchanged. A navigation may name the
    page that it leaves."""
    headers = {"X-Realtime-Connection-Id": ID, "Sec-Fetch-Mode": "navigate"}

    found = asked(app, headers=headers)

    assert found == [digest(secret, "key", ID, None) for secret in ("secret", "former")]


def test_message_asks_for_the_page_of_its_socket(app):
    """A message acts on its socket's page, whatever it has done to the session."""
    socket = SocketOfMessage(ID, "d" * 64, lambda: None, "heir")

    assert asked(app, key=None, environ={SOCKET_IN_ENVIRON: socket}) == ["d" * 64]


@pytest.mark.parametrize("key, query", [(None, {"socket_connection_id": ID}), ("key", {})])
def test_request_without_a_page_or_a_session_has_no_digests(app, key, query):
    """No page of a browser without a session can be known."""
    assert asked(app, key=key, query_string=query) == []
