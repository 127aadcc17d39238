"""Apps whose routes differ by host or subdomain: the extension's routes exist on each of them."""

import flask
import pytest
from flask import request, url_for

from flask_realtime import Realtime

HANDSHAKE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
HANDSHAKE["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="


def app_of_hosts():
    app = flask.Flask(__name__, host_matching=True, static_host="files.example")
    app.add_url_rule("/", "index", lambda host: host, host="<host>")
    return app


def app_of_subdomains():
    app = flask.Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "main.example"
    app.add_url_rule("/", "index", lambda subdomain="": subdomain)
    app.add_url_rule("/", "index", subdomain="<subdomain>")
    return app


def plain_app():
    app = flask.Flask(__name__)
    app.add_url_rule("/", "index", lambda: "")
    return app


CASES = [
    (app_of_hosts, "http://one.example", "one.example"),
    (app_of_hosts, "http://two.example:8080", "two.example:8080"),
    (app_of_hosts, "http://files.example", "files.example"),
    (app_of_subdomains, "http://tenant.main.example", "tenant"),
    (app_of_subdomains, "http://main.example", ""),
    (plain_app, "http://any.example", ""),
]


@pytest.fixture(params=CASES, ids=[case[1] for case in CASES])
def place(request):
    """An app, a URL of one of its hosts or subdomains, and the arguments that its view receives."""
    make, url, seen = request.param
    app = make()
    app.secret_key = "a secret of the tests"
    app.config["REALTIME_REGISTRY"] = "memory"
    Realtime(app)
    return app, url, seen


def test_routes_are_found_at_every_place(place):
    """The script, the session path and the socket answer on every host from which a page of the app
    may come."""
    app, url, seen = place
    client = app.test_client()

    script = client.get("/_realtime/static/realtime.js", base_url=url)
    session = client.post("/_realtime/session", base_url=url)
    socket = client.get("/", base_url=url, headers=HANDSHAKE)
    view = client.get("/", base_url=url)

    assert (script.status_code, session.status_code) == (200, 403)
    assert socket.status_code == 400
    assert "socket_connection_id" in socket.text
    assert view.text == seen
    script.close()


def test_routes_have_urls_of_the_present_place(place):
    """url_for and the script tag use the host of the request."""
    app, url, _ = place
    seen = []

    @app.before_request
    def look():
        seen.append(url_for("realtime.session"))
        seen.append(url_for("realtime.session", _external=True))
        seen.append(flask.render_template_string("{{ realtime_script() }}"))

    app.test_client().get("/", base_url=url)

    path, whole, tag = seen
    assert path in ("/_realtime/session", whole)
    assert whole == f"{url}/_realtime/session"
    assert 'src="/_realtime/static/realtime.js?v=' in tag


def test_views_do_not_see_the_place(place):
    """The extension's rules have a variable for the host, which no function of the app receives."""
    app, url, _ = place
    seen = []
    app.before_request(lambda: seen.append(request.view_args))

    app.test_client().post("/_realtime/session", base_url=url)

    assert seen == [{}]
