"""The context of the current request, as the installed Flask keeps it."""

import flask
import pytest
from flask import current_app, g, request, session

from flask_realtime.flask_contexts import (
    SESSION,
    app_context,
    present_app,
    present_request,
    request_context,
)


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    return app


def test_objects_are_those_that_the_proxies_of_flask_stand_for(app):
    """What is changed here is what a view sees."""
    with app.test_request_context("/here"):
        app_context().g.user = "ada"

        assert present_request() is request._get_current_object()
        assert present_app() is current_app._get_current_object()
        assert g.user == "ada"


def test_session_can_be_looked_at_without_a_trace(app):
    """Flask tells caches by ``Vary: Cookie`` of a session that was used."""
    with app.test_request_context():
        # Flask itself may have used it to find the request's route.
        getattr(request_context(), SESSION).accessed = False

        found = getattr(request_context(), SESSION)

        assert not found.accessed
        assert found is session._get_current_object()


def test_app_has_a_context_without_a_request(app):
    """A command, or a task."""
    with app.app_context():
        assert present_app() is app


@pytest.mark.parametrize("find", [present_request, present_app])
def test_missing_context_is_told_of_as_flask_tells_it(find):
    """A page's socket that is kept for a thread, say."""
    with pytest.raises(RuntimeError, match="context"):
        find()
