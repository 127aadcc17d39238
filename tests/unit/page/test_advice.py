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
