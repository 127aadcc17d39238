"""Nodes of small apps."""

from flask import Flask

from flask_realtime import Realtime


def node_of(registry="memory", realtime=None, **settings):
    """The node of an app of its own; ``node.app`` is the app."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", REALTIME_REGISTRY=registry)
    app.config.update({f"REALTIME_{name}": value for name, value in settings.items()})
    (realtime or Realtime()).init_app(app)
    node = app.extensions["realtime"].node()
    node.app = app
    return node
