"""The app's context around code of the app's."""

import flask
from flask import current_app, g

from flask_realtime.app_contexts import within


def test_code_sees_the_app_where_there_is_no_context():
    """A thread of the app's own, a script: the context ends with the code."""
    app = flask.Flask("one")

    with within(app):
        assert current_app.name == "one"

    assert not current_app


def test_context_of_the_app_is_used_as_it_is():
    """What a request keeps in g is there, and nothing is torn down."""
    app = flask.Flask("one")
    ended = []
    app.teardown_appcontext(ended.append)
    with app.app_context():
        g.user = "ada"

        with within(app):
            assert g.user == "ada"

        assert ended == []


def test_context_of_another_app_is_left_for_a_while():
    """An app that is mounted beside may push by this one's extension."""
    one, other = flask.Flask("one"), flask.Flask("other")
    with other.app_context():
        with within(one):
            assert current_app.name == "one"

        assert current_app.name == "other"
