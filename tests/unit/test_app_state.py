"""What one app has of the extension."""

import flask

from flask_realtime import Realtime
from tests.leftovers import threads_of_ours

from .handshakes import Page
from .node.nodes import node_of


def test_closed_app_begins_anew_at_its_next_use():
    """A test, or a script, ends what its process holds of an app, and may go on with the app."""
    before = threads_of_ours()
    node = node_of()
    state = node.app.extensions["realtime"]
    with Page(node):
        state.close()
    left = threads_of_ours() - before
    state.close()

    with Page(state.node()) as page:
        page.say("ping")
        assert page.receive()["body"] == "pong"
    assert left == set()
    assert state.node() is not node


def test_app_that_was_never_used_has_nothing_to_close():
    """And makes nothing for it."""
    app = flask.Flask(__name__)
    Realtime(app)

    app.extensions["realtime"].close()

    assert app.extensions["realtime"]._nodes.pop() is None
