"""Pages that are streamed, and their subscriptions."""

import pytest
from flask import Flask, stream_template_string

from flask_realtime import Realtime


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "secret"
    return app


@pytest.fixture
def realtime(app):
    return Realtime(app)


@pytest.fixture
def subscribed(app, realtime):
    """Visit the page, and return the channels to which it is subscribed after that."""

    @app.after_request
    def tell(response):
        response.headers["X-Digest"] = realtime.socket.digest
        return response

    def subscribed():
        digest = app.test_client().get("/").headers["X-Digest"]
        registry = app.extensions["realtime"].node().registry
        return set(registry.subscriptions([digest]).get(digest) or ())

    return subscribed


def test_page_that_is_streamed_is_logged_once(app, realtime, subscribed, caplog):
    """A streamed page gets no id and receives nothing; one warning says what to do."""
    view = realtime.subscribes("news")(lambda: stream_template_string("<body>hi</body>"))
    app.add_url_rule("/", "show", view)

    assert subscribed() == set()
    assert subscribed() == set()

    [told] = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert "view 'show' is subscribed, but streamed" in told
    assert "realtime.socket.connection_id" in told


def test_streamed_page_whose_template_writes_the_id_is_subscribed(
    app, realtime, subscribed, caplog
):
    """The template writes the id, as the warning says, and the page is subscribed."""

    @app.get("/")
    @realtime.subscribes("news")
    def show():
        template = '<body data-socket-connection-id="{{ id }}">hi</body>'
        return stream_template_string(template, id=realtime.socket.connection_id)

    assert subscribed() == {"news"}
    assert not caplog.records


def test_stream_without_a_subscription_is_not_logged(app, subscribed, caplog):
    """A streamed page without a subscription causes no warning."""
    app.add_url_rule("/", "show", lambda: stream_template_string("<body>hi</body>"))

    assert subscribed() == set()
    assert not caplog.records
