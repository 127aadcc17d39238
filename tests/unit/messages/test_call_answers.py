"""What a call of a route is answered."""

from __future__ import annotations

import logging

import pytest
from flask import Response, redirect, request
from werkzeug.routing import Rule

from flask_realtime.page.page import Page

from ..conversations import CONNECTION_ID, Browser


@pytest.fixture
def app(app):
    app.add_url_rule("/echo", "echo", lambda: "echo", methods=["GET", "POST"])
    return app


@pytest.fixture
def socket(browser):
    return browser.open_socket()


def test_call_without_uri_is_400(socket):
    """A call without a uri is answered 400."""
    assert socket.say("call-route")["status"] == 400


def test_call_of_an_unknown_path_is_404(socket):
    """A path that fits no route gets the app's 404."""
    reply = socket.call("/nowhere")

    assert reply["status"] == 404
    assert "not found" in reply["body"].lower()


def test_call_of_the_wrong_method_is_405(app, socket):
    """A method that the route does not allow gets the app's 405."""
    app.add_url_rule("/only", "only", lambda: "")

    assert socket.call("/only", method="post")["status"] == 405


def test_call_of_a_socket_route_is_400(app, socket):
    """A route that takes only WebSockets cannot be called over a socket."""
    app.url_map.add(Rule("/", endpoint="realtime.socket", websocket=True))
    app.view_functions["realtime.socket"] = lambda: "never"

    assert socket.call("/")["status"] == 400


def test_call_of_a_view_beside_the_socket_route_is_answered(app, socket):
    """A page has the same path as the socket. A call gets the page."""
    app.url_map.add(Rule("/", endpoint="realtime.socket", websocket=True))
    app.view_functions["realtime.socket"] = lambda: "never"
    app.add_url_rule("/", "index", lambda: "page")

    assert socket.call("/")["body"] == "page"


def test_call_finds_the_app_under_its_prefix(app):
    """The app is mounted under a prefix, which the call's path has too."""
    socket = Browser(app).open_socket(SCRIPT_NAME="/prefix")
    app.add_url_rule("/where", "where", lambda: [request.path, request.script_root, request.url])

    assert socket.call("/prefix/where?a=1")["body"] == [
        "/where",
        "/prefix",
        "http://localhost/prefix/where?a=1",
    ]
    assert socket.call("/where")["status"] == 404
    assert socket.call("/prefixed/where")["status"] == 404


def test_call_does_not_follow_redirects(app, socket):
    """A call is answered with the redirect itself and its Location."""
    app.add_url_rule("/old", "old", lambda: redirect("/new", 303))

    reply = socket.call("/old")

    assert (reply["status"], reply["headers"]["Location"]) == (303, "/new")


def test_call_of_head_has_no_body(app, socket):
    """A HEAD call is answered with headers only, also where a GET would be a stream."""
    app.add_url_rule("/stream", "stream", lambda: Response(iter(["a", "b"])))

    assert socket.call("/echo", method="head")["body"] == ""
    assert socket.call("/stream", method="head")["status"] == 200
    reply = socket.call("/stream")
    assert (reply["status"], reply["body"]) == (
        502,
        "This answer is streamed; fetch this by HTTP.",
    )


def test_call_of_options_tells_the_methods(socket):
    """Flask answers options over a socket too."""
    assert "POST" in socket.call("/echo", method="options")["headers"]["Allow"]


def test_call_of_a_static_file_is_answered(app, tmp_path):
    """A small static file can be fetched over the socket."""
    (tmp_path / "a.txt").write_text("hello")
    app.static_folder = tmp_path
    app.add_url_rule("/files/<path:filename>", "files", app.send_static_file)
    socket = Browser(app).open_socket()

    reply = socket.call("/files/a.txt")

    assert (reply["status"], reply["body"]) == (200, "hello")


@pytest.mark.parametrize("settings", [{}, {"TESTING": True}, {"DEBUG": True}])
def test_call_of_a_view_that_raises_is_logged_and_answered_500(app, socket, caplog, settings):
    """A view raises. Its call is answered 500, and the log has the traceback."""
    app.config.update(settings)
    app.add_url_rule("/bad", "bad", lambda: 1 / 0)

    assert socket.call("/bad")["status"] == 500
    assert [record.exc_info[0] for record in caplog.records if record.levelno >= logging.ERROR] == [
        ZeroDivisionError
    ]
    assert socket.call("/echo")["status"] == 200


def test_call_of_a_page_is_stamped_with_the_sockets_own_id(app):
    """A page that is fetched over a socket has that socket's id."""
    browser = Browser(app)
    Page(browser.config).init_app(app)
    app.add_url_rule("/page", "page", lambda: "<body>hi</body>")

    body = browser.open_socket().call("/page")["body"]

    assert body == f'<body data-socket-connection-id="{CONNECTION_ID}">hi</body>'
