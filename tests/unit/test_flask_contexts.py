"""The contexts of the current app and request, in each supported version of Flask."""

import flask
import pytest
from flask import current_app, g, request, session

from flask_realtime.flask_contexts import (
    SESSION,
    app_context,
    present_app,
    present_request,
    request_context,
    within,
)


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    return app


def test_objects_are_those_that_the_proxies_of_flask_stand_for(app):
    """The objects are the same that a view sees through Flask's proxies."""
    with app.test_request_context("/here"):
        app_context().g.user = "ada"

        assert present_request() is request._get_current_object()
        assert present_app() is current_app._get_current_object()
        assert g.user == "ada"


def test_session_can_be_looked_at_without_a_trace(app):
    """Reading the session in this way does not add ``Vary: Cookie`` to the response."""
    with app.test_request_context():
        # Flask itself may have used the session to find the request's route.
        getattr(request_context(), SESSION).accessed = False

        found = getattr(request_context(), SESSION)

        assert not found.accessed
        assert found is session._get_current_object()


def test_app_has_a_context_without_a_request(app):
    """A command or task has an app context, and no request."""
    with app.app_context():
        assert present_app() is app


@pytest.mark.parametrize("find", [present_request, present_app])
def test_missing_context_is_told_of_as_flask_tells_it(find):
    """Without a context the error is Flask's own."""
    with pytest.raises(RuntimeError, match="context"):
        find()


def test_code_sees_the_app_where_there_is_no_context():
    """A thread or script has no context. The app's code gets one, which ends with the code."""
    app = flask.Flask("one")

    with within(app):
        assert current_app.name == "one"

    assert not current_app


def test_context_of_the_app_is_used_as_it_is():
    """Within the app's own context the code sees its g, and nothing is torn down."""
    app = flask.Flask("one")
    ended = []
    app.teardown_appcontext(ended.append)
    with app.app_context():
        g.user = "ada"

        with within(app):
            assert g.user == "ada"

        assert ended == []


def test_context_of_another_app_is_left_for_a_while():
    """One app pushes by the extension of another. The code runs in the other app's context, and
    then the first is current again."""
    one, other = flask.Flask("one"), flask.Flask("other")
    with other.app_context():
        with within(one):
            assert current_app.name == "one"

        assert current_app.name == "other"
