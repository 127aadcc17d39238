"""An app that serves pages, and the pages as tests see them."""

import flask

from flask_realtime.config.settings import Config
from flask_realtime.page.page import Page


def make_app(**settings):
    app = flask.Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="secret", **settings)
    Page(Config.from_mapping(app.config)).init_app(app)
    return app


def show(app, make_response, **options):
    """The answer to a request of a view that returns what *make_response* gives."""
    app.add_url_rule("/shown", "shown", make_response, methods=["GET", "POST"])
    return app.test_client().open("/shown", **options)
