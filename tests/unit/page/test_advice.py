"""Warnings about pages that will receive no pushes."""

import logging
from functools import wraps

import pytest
from flask import Blueprint, Flask, redirect, render_template_string

from flask_realtime import Realtime

PAGE = "<!doctype html><title>x</title>{{ realtime_script() }}<body>hi"


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="secret")
    return app


@pytest.fixture
def realtime(app):
    return Realtime(app)


@pytest.fixture
def warned(app, caplog):
    """Visit a path twice, and return the warnings."""

    def warned(path):
        caplog.clear()
        for _ in range(2):
            assert app.test_client().get(path).status_code == 200
        return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]

    return warned


def test_page_without_a_body_tag_is_logged_once(app, realtime, warned):
    """A page leaves out <body>, as HTML allows. It gets no id and no socket, and one warning."""

    @app.get("/without")
    def without():
        return render_template_string(PAGE.replace("<body>", "<p>"))

    @app.get("/with")
    def with_body():
        return render_template_string(PAGE)

    [warning] = warned("/without")

    assert "'without'" in warning and "Write <body>" in warning
    assert warned("/with") == []


def test_view_that_several_apps_decorate_is_decorated_right(realtime, app, warned):
    """Two apps of a factory decorate the same view, or another decorator wraps it. No warning is
    logged."""

    def index():
        return render_template_string(PAGE)

    def guarded(view):
        return wraps(view)(lambda: view())

    for _ in range(2):
        view = realtime.subscribes("news")(index)
    app.add_url_rule("/", "index", view)
    app.add_url_rule("/guarded", "guarded", guarded(view))

    assert warned("/") == warned("/guarded") == []


def test_decorator_above_the_route_is_logged_once(app, realtime, warned):
    """@realtime.subscribes is written above the route, so the route calls the function without it,
    and nothing else shows that. One warning says so."""
    blueprint = Blueprint("desk", __name__)

    @realtime.subscribes("news")
    @blueprint.get("/wrong")
    def wrong():
        return render_template_string(PAGE)

    @realtime.subscribes("news")
    @app.get("/async")
    async def asynchronous():
        return render_template_string(PAGE)

    @blueprint.get("/right")
    @realtime.subscribes("news")
    def right():
        return render_template_string(PAGE)

    app.register_blueprint(blueprint)

    [warning] = warned("/wrong")
    [other] = warned("/async")

    assert "'desk.wrong'" in warning and "below the route" in warning
    assert "'asynchronous'" in other
    assert warned("/right") == []


def client_of(**config):
    """Return a test client of an app with such settings, which has one page."""
    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="secret", **config)
    Realtime(app)
    app.add_url_rule("/app/", "home", lambda: render_template_string(PAGE))
    return app.test_client()


@pytest.mark.parametrize("setting", ["SESSION_COOKIE_PATH", "APPLICATION_ROOT"])
@pytest.mark.parametrize("path", ["/app", "/app/"])
def test_session_cookie_that_does_not_reach_the_socket_is_logged_once(setting, path, caplog):
    """The session cookie's path does not cover the socket's path, so the browser opens its socket
    without a session and gets 403. One warning names the settings."""
    client = client_of(**{setting: path, "REALTIME_URL_PREFIX": "/app/_realtime"})

    at_root = {"SCRIPT_NAME": ""}
    pages = [client.get("/app/", environ_overrides=at_root) for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    [warning] = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert "'/app' (SESSION_COOKIE_PATH" in warning and "and / is not below it" in warning


@pytest.mark.parametrize(
    ("config", "script_name"),
    [
        ({"REALTIME_URL_PREFIX": "/app/_realtime", "REALTIME_PATH": "/app/socket"}, ""),
        ({"SESSION_COOKIE_PATH": "/", "APPLICATION_ROOT": "/app"}, ""),
        ({"SESSION_COOKIE_PATH": "/shop"}, "/shop"),
        ({"SESSION_COOKIE_PATH": "/shop/"}, "/shop"),
    ],
)
def test_session_cookie_that_reaches_the_socket_is_not_logged(config, script_name, caplog):
    """An app under a prefix, stripped by a proxy or not, sets the cookie's path so that it covers
    the socket. No warning is logged."""
    client = client_of(**{"APPLICATION_ROOT": "/", **config})

    page = client.get("/app/", environ_overrides={"SCRIPT_NAME": script_name})

    assert page.status_code == 200
    assert [one for one in caplog.records if one.levelno == logging.WARNING] == []


@pytest.fixture
def told(app, caplog):
    """Call a view of an app in debug mode twice, and return the log lines."""
    app.debug = True

    def told(view, **options):
        caplog.clear()
        app.add_url_rule(f"/{view.__name__}", None, view, methods=["GET", "POST"])
        client = app.test_client()
        for _ in range(2):
            assert client.open(f"/{view.__name__}", **options).status_code < 400
        return [one.getMessage() for one in caplog.records if one.levelno >= logging.INFO]

    return told


BARE = "<!doctype html><title>x</title><body>hi"
AS_MODULE = '<script type="module" src="/own/realtime.js"></script>'


def test_subscribed_page_without_the_script_is_logged_once(app, realtime, told):
    """A view subscribes its page, which lacks realtime_script(). One log line says so."""

    @realtime.subscribes("news")
    def bare():
        return BARE

    [line] = told(bare)

    assert "'bare'" in line and "not contain {{ realtime_script() }}" in line


def test_page_without_the_script_is_not_logged_in_production(app, realtime, told):
    """Outside of debug mode a page is not searched for the script."""

    @realtime.subscribes("news")
    def bare():
        return BARE

    app.debug = False

    assert told(bare) == []


@pytest.mark.parametrize(
    ("page", "headers"),
    [
        ("{{ realtime_script() }}<body>", {}),
        (f"{AS_MODULE}<body>", {}),
        ("<body><script>open(document.body.dataset.socketConnectionId)</script>", {}),
        ('<body data-socket-connection-id="{{ realtime_connection_id() }}">', {}),
        ("<body>", {"HX-Request": "true", "HX-Boosted": "true"}),
        ("<body>", {"X-Turbo-Request-Id": "1"}),
        ("<body>", {"Sec-Fetch-Mode": "cors"}),
        ("<body>", {"X-Realtime-Connection-Id": "an-id-of-an-open-page"}),
    ],
)
def test_page_with_a_socket_of_its_own_is_not_logged(app, realtime, told, page, headers):
    """A page without realtime_script() has a client of its own, or is inserted into another page by
    a script. Nothing is logged."""

    @realtime.subscribes("news")
    def page_with_socket():
        return render_template_string(f"<!doctype html>{page}")

    assert told(page_with_socket, headers=headers) == []


def test_page_that_subscribes_nobody_needs_no_script(app, realtime, told):
    """A page that is subscribed to nothing has no script, and nothing is logged."""

    def plain():
        return BARE

    assert told(plain) == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [(("", 204), 204), ({"more": 1}, 200), ("<li>more", 200), (redirect("/more", 302), 302)],
)
def test_subscribing_where_there_is_no_page_is_logged_once(app, realtime, told, answer, status):
    """A view subscribes, but its response is not a page and its request names none. In debug mode
    one log line says that the call has no effect."""

    def more():
        realtime.socket.subscribe("b")
        return answer

    [line] = told(more)

    assert f"'more' subscribes to 'b' without effect: its response ({status}) is not" in line
    assert "realtime.fetch" in line


IN_PAGE = {"X-Realtime-Connection-Id": "an-id-of-an-open-page"}


@pytest.mark.parametrize(
    ("answer", "headers"),
    [
        (lambda socket: ("", 204), IN_PAGE),
        (lambda socket: render_template_string(PAGE), {}),
        (lambda socket: {"id": socket.connection_id}, {}),
        (lambda socket: socket.unsubscribe("b") or {}, {}),
    ],
)
def test_subscribing_that_reaches_a_page_is_not_logged(app, realtime, told, answer, headers):
    """A request by realtime.fetch, a rendered page, or a response with the connection id is
    subscribed. Nothing is logged."""

    def view():
        realtime.socket.subscribe("b")
        return answer(realtime.socket)

    assert told(view, headers=headers) == []


def test_form_that_redirects_below_a_decorator_is_not_logged(app, realtime, told):
    """A decorated view redirects a form to its page, so nothing is logged."""

    @realtime.subscribes("b")
    def posted():
        return redirect("/posted")

    assert told(posted, method="POST") == []


ACTS = {
    "pushes with include_self=False": lambda one: one.to("a", include_self=False).push("hi"),
    "unsubscribes its page": lambda one: one.socket.unsubscribe("a"),
    "disconnects its page": lambda one: one.socket.disconnect(),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("headers", "count"), [({}, 1), (IN_PAGE, 0), ({"Sec-Fetch-Mode": "navigate"}, 0)]
)
def test_act_on_the_page_that_asks_is_logged_where_there_is_none(
    app, realtime, told, headers, count, act
):
    """A view does something to the page that asks, and the request names none. In debug mode one
    log line says that this has no effect, unless the browser leaves the page."""

    def view():
        ACTS[act](realtime)
        return "", 204

    expected = f"The view 'view' {act} without effect: the request names no page."
    lines = told(view, headers=headers)
    assert len(lines) == count
    assert all(expected in line and "realtime.fetch" in line for line in lines)
