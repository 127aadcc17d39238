"""The route of the socket, and the answers to requests at its path that are none."""

import pytest
from flask import Flask
from flask_sock import Sock

from flask_realtime import Realtime
from flask_realtime.errors import InvalidSetting
from flask_realtime.transport.route import ENDPOINT


def make_app(**settings):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory", **settings)
    Realtime(app)
    return app


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_plain_request_to_the_root_is_answered_as_if_there_were_no_route(method):
    """An app that has no view there answers 404, as it did before."""
    assert make_app().test_client().open("/", method=method).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_plain_request_to_a_path_of_its_own_is_told_what_is_there(method):
    """426 says that the path takes WebSockets."""
    answer = make_app(REALTIME_PATH="/socket").test_client().open("/socket", method=method)

    assert answer.status_code == 426
    assert answer.headers["Upgrade"] == "websocket"


def test_plain_request_reaches_the_view_of_the_app():
    """The app's own view at the path of the socket is its own."""
    app = make_app()
    app.add_url_rule("/", "home", lambda: "home")

    assert app.test_client().get("/").get_data(as_text=True) == "home"


def test_url_for_knows_the_route():
    """By its endpoint, so that an app can exempt it, or build its address."""
    app = make_app(REALTIME_PATH="/socket")

    with app.test_request_context():
        assert app.url_for(ENDPOINT) == "ws://localhost/socket"


def test_second_socket_route_at_the_path_is_refused_with_both_names():
    """The one that was registered first would win, in silence."""
    app = make_app()
    app.testing = True
    Sock(app).route("/")(lambda ws: None)

    with pytest.raises(InvalidSetting, match="REALTIME_PATH"):
        app.test_client().get("/")
