"""The app context in which code of the app runs."""

import flask
from flask import current_app, g

from flask_realtime.app_contexts import within


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
