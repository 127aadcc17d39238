"""What the log says of pages that will hear nothing."""

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
    """Visits a path twice, and returns the warnings."""

    def warned(path):
        caplog.clear()
        for _ in range(2):
            assert app.test_client().get(path).status_code == 200
        return [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]

    return warned


def test_page_that_leaves_out_its_body_tag_is_told_once(app, realtime, warned):
    """Such a page has no id and its script no socket: HTML allows that, and the log tells it."""

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
    """As a factory does with a view of another module, and as another decorator goes around it."""

    def index():
        return render_template_string(PAGE)

    def guarded(view):
        return wraps(view)(lambda: view())

    for _ in range(2):
        view = realtime.subscribes("news")(index)
    app.add_url_rule("/", "index", view)
    app.add_url_rule("/guarded", "guarded", guarded(view))

    assert warned("/") == warned("/guarded") == []


def test_decorator_above_the_route_is_told_once(app, realtime, warned):
    """The route knows the function that is not decorated, and the page hears nothing: neither an
    error nor anything else says so."""
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
def test_session_cookie_that_does_not_reach_the_socket_is_told_once(setting, path, caplog):
    """The browser would open its socket without a session: 403, for ever, and no word why."""
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
def test_session_cookie_that_reaches_the_socket_is_not_told(config, script_name, caplog):
    """An app below a prefix, stripped or not, sets it as its pages need it."""
    client = client_of(**{"APPLICATION_ROOT": "/", **config})

    page = client.get("/app/", environ_overrides={"SCRIPT_NAME": script_name})

    assert page.status_code == 200
    assert [one for one in caplog.records if one.levelno == logging.WARNING] == []


@pytest.fixture
def told(app, caplog):
    """Has a view of an app in debug mode asked twice, and returns what the log says then."""
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


def test_subscribed_page_without_the_script_is_told_once(app, realtime, told):
    """The commonest slip: a template that does not extend the one with the tag."""

    @realtime.subscribes("news")
    def bare():
        return BARE

    [line] = told(bare)

    assert "'bare'" in line and "holds no {{ realtime_script() }}" in line


def test_page_without_the_script_is_not_told_in_production(app, realtime, told):
    """Nobody reads it there, and every page would be searched."""

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
def test_page_that_has_a_socket_in_its_own_way_is_not_told(app, realtime, told, page, headers):
    """A client of its own, or another page into which a script puts it."""

    @realtime.subscribes("news")
    def page_with_socket():
        return render_template_string(f"<!doctype html>{page}")

    assert told(page_with_socket, headers=headers) == []


def test_page_that_subscribes_nobody_needs_no_script(app, realtime, told):
    """Most pages of most apps."""

    def plain():
        return BARE

    assert told(plain) == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [(("", 204), 204), ({"more": 1}, 200), ("<li>more", 200), (redirect("/more", 302), 302)],
)
def test_subscribing_where_there_is_no_page_is_told_once(app, realtime, told, answer, status):
    """It looks as if it worked, and the browser's console says that no view has subscribed."""

    def more():
        realtime.socket.subscribe("b")
        return answer

    [line] = told(more)

    assert f"'more' subscribes to 'b', and subscribes nobody: its answer ({status}) is no" in line
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
def test_subscribing_that_reaches_a_page_is_not_told(app, realtime, told, answer, headers):
    """A page that asks by realtime.fetch, one that is rendered, one whose id the app hands over."""

    def view():
        realtime.socket.subscribe("b")
        return answer(realtime.socket)

    assert told(view, headers=headers) == []


def test_form_that_redirects_below_a_decorator_is_not_told(app, realtime, told):
    """Its page, which the browser asks for next, is what the decorator is there for."""

    @realtime.subscribes("b")
    def posted():
        return redirect("/posted")

    assert told(posted, method="POST") == []


def test_push_that_leaves_nobody_out_is_told_once(app, realtime, told):
    """The page hears its own push, though the view says that it should not."""

    def push():
        realtime.to("a", include_self=False).push("hi")
        return "", 204

    [line] = told(push)

    assert "'push'" in line and "leaves nobody out" in line and "realtime.fetch" in line


@pytest.mark.parametrize("headers", [IN_PAGE, {"Sec-Fetch-Mode": "navigate"}])
def test_push_of_a_page_that_is_named_or_gone_is_not_told(app, realtime, told, headers):
    """The browser leaves the page whose form it posts itself, so there is nobody to leave out."""

    def push():
        realtime.to("a", include_self=False).push("hi")
        return "", 204

    assert told(push, headers=headers) == []
