"""What the log says of pages that will hear nothing."""

import logging

import pytest
from flask import Blueprint, Flask, render_template_string

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

    assert "'without'" in warning and "Spell out <body>" in warning
    assert warned("/with") == []


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
    assert "'/app' (SESSION_COOKIE_PATH" in warning and "and / is none" in warning


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
