"""The socket's route, and plain HTTP requests at its path."""

import logging

import pytest
from flask import Flask, request
from flask_sock import Sock

from flask_realtime import Realtime
from flask_realtime.errors import InvalidSetting
from flask_realtime.transport.route import ENDPOINT

from .served import Line, Served
from .test_handshake import KEY, PAGE


def make_app(**settings):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory", **settings)
    Realtime(app)
    return app


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_plain_request_to_the_root_is_answered_as_if_there_were_no_route(method):
    """An app without a view at / still answers 404 there."""
    assert make_app().test_client().open("/", method=method).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_plain_request_to_a_path_of_its_own_is_told_what_is_there(method):
    """The socket has a path of its own, where a plain request is answered 426."""
    answer = make_app(REALTIME_PATH="/socket").test_client().open("/socket", method=method)

    assert answer.status_code == 426
    assert answer.headers["Upgrade"] == "websocket"


def test_plain_request_reaches_the_view_of_the_app():
    """The app's own view at the socket's path is called."""
    app = make_app()
    app.add_url_rule("/", "home", lambda: "home")

    assert app.test_client().get("/").get_data(as_text=True) == "home"


def test_url_for_knows_the_route():
    """url_for builds the address of the socket, and an app can exempt its endpoint."""
    app = make_app(REALTIME_PATH="/socket")

    with app.test_request_context():
        assert app.url_for(ENDPOINT) == "ws://localhost/socket"


def test_route_can_be_listed_with_its_methods():
    """Flask-DebugToolbar lists the app's routes on each page, and others list them for OpenAPI.
    They take the methods of each route for a set, as those of any view are."""
    routes = {rule.endpoint: rule.methods for rule in make_app().url_map.iter_rules()}

    assert sorted(routes[ENDPOINT]) == ["GET"]
    assert routes[ENDPOINT] - {"HEAD", "OPTIONS"} == {"GET"}


def test_socket_route_that_has_the_path_already_is_refused_with_both_names():
    """Another WebSocket route at the same path is an error that names both; otherwise the first
    would silently win."""
    app = Flask(__name__)
    Sock(app).route("/")(lambda ws: None)

    with pytest.raises(InvalidSetting, match="REALTIME_PATH"):
        Realtime(app)


def test_later_socket_route_at_the_path_is_refused():
    """A WebSocket route at the same path that is added later is an error too: Werkzeug from 3.2 on
    raises it at once, and with an older one the first request does."""
    app = make_app()
    app.testing = True

    with pytest.raises(Exception, match=f"REALTIME_PATH|{ENDPOINT}"):
        Sock(app).route("/")(lambda ws: None)
        app.test_client().get("/")


def browse(app, path="/", environ=(), **headers):
    """Send a GET of the page's socket, as a proxy may forward it."""
    query = f"socket_connection_id={PAGE}&resume=1"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().get(
        path, query_string=query, headers=sent, environ_overrides=dict(environ)
    )


@pytest.mark.parametrize(
    ("headers", "lost"),
    [
        ({"Sec_WebSocket_Key": KEY, "Connection": "close"}, "'Upgrade: websocket'"),
        ({"Sec_WebSocket_Key": KEY, "Upgrade": "websocket"}, "'Connection: Upgrade'"),
        ({"Upgrade": "websocket", "Connection": "close"}, "'Connection: Upgrade'"),
        ({}, "'Upgrade: websocket'"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/socket"])
def test_handshake_that_lost_its_headers_reaches_no_view(path, headers, lost, caplog):
    """A proxy has dropped the upgrade headers. The request is answered 426 with the cause, which is
    logged once, and subscribes no page."""
    app, seen = make_app(REALTIME_PATH=path), []
    app.add_url_rule(path, "home", lambda: seen.append("home") or "home")

    with caplog.at_level(logging.WARNING):
        answers = [browse(app, path, **headers) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [426] * 3
    assert lost in answers[0].get_data(as_text=True).replace("&#39;", "'")
    assert not seen
    assert len(caplog.records) == 1
    assert lost in caplog.text
    assert "proxy_set_header" in caplog.text


UPGRADES = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_WebSocket_Key": KEY}, 426),
        ({"Upgrade": "websocket"}, 426),
        (UPGRADES, 400),
        ({**UPGRADES, "Sec_WebSocket_Key": KEY}, 403),
        ({**UPGRADES, "Sec_WebSocket_Key": KEY, "Origin": "https://elsewhere.example"}, 403),
    ],
)
def test_no_cache_keeps_a_refusal_for_the_page_at_the_same_address(headers, status):
    """An app has caches keep whatever it answers. A stranger asks for its home page with headers of
    a socket; a cache that kept the refusal would give it to everybody."""
    app = make_app()
    app.add_url_rule("/", "home", lambda: "home")

    @app.after_request
    def keep(response):
        response.headers.update(
            {"Cache-Control": "public, max-age=60", "CDN-Cache-Control": "max-age=60"}
        )
        return response

    refused = browse(app, **headers)

    assert refused.status_code == status
    assert refused.headers["Cache-Control"] == "no-store"
    assert "CDN-Cache-Control" not in refused.headers
    assert app.test_client().get("/").headers["Cache-Control"] == "public, max-age=60"


def test_no_cache_keeps_what_a_handshake_is_answered_at_another_path():
    """An app has caches keep whatever it answers. A stranger asks for a page, which is no socket's
    path, with the headers of a handshake; no cache keeps the refusal in the page's place."""
    app = make_app()
    app.add_url_rule("/page", "page", lambda: "page")

    @app.after_request
    def keep(response):
        response.headers["Cache-Control"] = "public, max-age=60"
        return response

    client = app.test_client()
    refused = client.get("/page", headers={**UPGRADES, "Sec-WebSocket-Key": KEY})

    assert refused.status_code == 400
    assert refused.headers["Cache-Control"] == "no-store"
    assert client.get("/page").headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(
    "query",
    ["", f"socket_connection_id={PAGE}", "resume=1", f"socket_connection_id={PAGE}&resume="],
)
def test_plain_request_with_other_words_in_its_query_is_the_apps(query):
    """A request of a form or htmx names its page in the query, and is not taken for a handshake."""
    app = make_app()
    app.add_url_rule("/", "home", lambda: "home")

    assert app.test_client().get(f"/?{query}").get_data(as_text=True) == "home"


@pytest.mark.parametrize(
    ("socket_path", "path"),
    [("/", ""), ("/", "//"), ("/socket/", "/socket")],
)
def test_handshake_whose_path_has_another_last_slash_is_a_socket(socket_path, path):
    """Under a proxy's prefix PATH_INFO may be empty, and a browser follows no redirect for a
    socket. The handshake is accepted."""
    served = Served(REALTIME_PATH=socket_path)
    page = served.show()
    with Line() as line:
        line.say_goodbye()

        answer = served.handshake(
            page, line.ours, environ={"SCRIPT_NAME": "/app", "PATH_INFO": path}
        )

        assert answer.status_code == 101


def test_handshake_of_an_app_that_tells_hosts_apart_may_lack_its_slash():
    """In an app with several hosts such a handshake is accepted on each host, and views do not
    receive the host."""
    served = Served(host="localhost")
    page = served.show()
    with Line() as line:
        line.say_goodbye()

        assert served.handshake(page, line.ours, environ={"PATH_INFO": ""}).status_code == 101


def test_nobody_waits_for_the_body_of_a_handshake():
    """gevent's server gives the app the socket itself as a handshake's body. An app notes the body
    of each request, as Sentry does, and does not wait there for what the page sends."""
    served, read = Served(), []
    served.app.before_request(lambda: read.append(request.get_data()))
    page = served.show()

    with Line() as line, line.ours.makefile("rb") as body:
        line.say_goodbye()
        environ = {"wsgi.input": body, "wsgi.input_terminated": False}
        answer = served.handshake(page, line.ours, environ=environ)

    assert (answer.status_code, read) == (101, [b"", b""])


@pytest.mark.parametrize("status", [302, 403])
def test_handshake_that_a_function_of_the_app_answers_is_a_warning(status, caplog):
    """An app leads strangers to its log-in page, and the socket of that page too. The log says so
    once: the console of the page knows no more than that it got no socket."""
    app = make_app()
    app.before_request(lambda: ("Log in.", status, {"Location": "/log-in"}))

    for _ in range(2):
        assert browse(app, **UPGRADES, Sec_WebSocket_Key=KEY).status_code == status

    assert [one.levelname for one in caplog.records] == ["WARNING"]
    assert f"endpoint 'realtime.socket', by {status}" in caplog.text


def test_handshake_that_our_own_view_refuses_is_no_warning_of_the_app_s(caplog):
    """A stranger's handshake is refused for want of a page; functions of the app let it pass."""
    app = make_app()
    app.before_request(lambda: None)

    assert browse(app, **UPGRADES, Sec_WebSocket_Key=KEY).status_code == 403
    assert "before_request" not in caplog.text
