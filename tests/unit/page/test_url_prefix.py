"""An app under ``location /app/`` of a proxy that does not strip the prefix: all of its paths begin
with ``/app``."""

import re

import pytest
from flask import Flask, render_template_string

from flask_realtime import Realtime
from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting

from ..transport.served import Line, Served

ORIGIN = {"Origin": "http://localhost"}


def make_app(**settings):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory", **settings)
    Realtime(app)
    app.add_url_rule(
        "/app/", "home", lambda: render_template_string("<body>{{ realtime_script() }}</body>")
    )
    return app


def test_everything_stands_below_the_prefix():
    """The script, the session path and the socket have paths under the prefix, and the script tag
    names them."""
    app = make_app(REALTIME_PATH="/app/socket", REALTIME_URL_PREFIX="/app/_realtime")
    client = app.test_client()

    html = client.get("/app/").text
    script = client.get(re.search('src="([^"]+)"', html)[1])
    page = re.search('data-socket-connection-id="([^"]+)"', html)[1]
    named = {**ORIGIN, "X-Realtime-Connection-Id": page}
    session = client.post("/app/_realtime/session", headers=named)

    assert 'src="/app/_realtime/static/realtime.js?v=' in html
    assert 'data-url-prefix="/app/_realtime"' in html
    assert script.mimetype == "text/javascript"
    assert session.status_code == 204
    assert client.get("/_realtime/static/realtime.js").status_code == 404
    assert client.post("/_realtime/session", headers=named).status_code == 404


def test_socket_stands_below_the_prefix():
    """The handshake is accepted at the socket's path under the prefix."""
    served = Served(REALTIME_PATH="/app/socket", REALTIME_URL_PREFIX="/app/_realtime")
    with Line() as line:
        line.say_goodbye()

        assert served.handshake(served.show(), line.ours, "/app/socket").status_code == 101


def test_tag_says_nothing_of_the_usual_prefix():
    """The tag of an app with the default prefix has no attribute for it."""
    assert "data-url-prefix" not in make_app().test_client().get("/app/").text


@pytest.mark.parametrize("value", ["app", "/", "/app/", "//app", "/<app>", "", None])
def test_prefix_that_is_none_is_refused_with_its_name(value):
    """An invalid prefix is an error that names the setting."""
    with pytest.raises(InvalidSetting, match=r"REALTIME_URL_PREFIX is .* without one"):
        Config.from_mapping({"REALTIME_URL_PREFIX": value})


@pytest.mark.parametrize("value", ["/", "/app/", "app", ""])
def test_prefix_that_is_none_is_refused_with_one_that_can_be_used(value):
    """The error of an invalid prefix says what to write, and that is accepted."""
    with pytest.raises(InvalidSetting, match=r"Write '/") as caught:
        Config.from_mapping({"REALTIME_URL_PREFIX": value})
    [advised] = re.findall("Write '([^']+)'", str(caught.value))

    assert Config.from_mapping({"REALTIME_URL_PREFIX": advised}).url_prefix == advised


@pytest.mark.parametrize(
    "settings",
    [
        {"REALTIME_PATH": "/_realtime/socket"},
        {"REALTIME_PATH": "/app/socket", "REALTIME_URL_PREFIX": "/app"},
    ],
)
def test_socket_may_not_stand_among_our_own_paths(settings):
    """A REALTIME_PATH under REALTIME_URL_PREFIX is an error that names both settings."""
    with pytest.raises(InvalidSetting, match=r"REALTIME_PATH .* \(REALTIME_URL_PREFIX\)"):
        Config.from_mapping(settings)
