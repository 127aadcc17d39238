"""An app whose requests are settled, and what the registry knows after them."""

import flask
from flask import session

from flask_realtime.config.settings import Config
from flask_realtime.identity.keys import digest
from flask_realtime.page.page import Page
from flask_realtime.page.user_loader import EXTENSION, Identify
from flask_realtime.session.end_of_request import EndOfRequest

ID = "an-id-of-this-page"
KEY = "the-socket-key"
HEADER = {"X-Realtime-Connection-Id": ID}
OPEN = digest("secret", KEY, ID)
PAGE = "<html><body>hi</body></html>"
SCRIPTED = "<body>{{ realtime_script() }}</body>"


def settle(app, end_of_request):
    """Have the requests of an app settled."""
    app.extensions[EXTENSION] = Identify()
    Page(Config()).init_app(app)
    end_of_request.init_app(app)


def make_app(process, grants):
    """An app whose session says which user it belongs to."""
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    settle(app, EndOfRequest(lambda: process, grants))
    app.extensions[EXTENSION].set(lambda: session.get("user"))
    return app


def clients(process):
    """Return, by digest, the channels of all clients that the registry knows."""
    found = process.registry.subscriptions(process.registry.digests)
    return {digest: set(channels) for digest, channels in found.items() if channels is not None}


def id_of(response):
    """Return the connection id on a page's body."""
    return response.text.partition('connection-id="')[2].partition('"')[0]
