"""What the app says of slips in REALTIME_ALLOW_CALLS."""

from __future__ import annotations

import logging

import flask
import pytest
from flask import Blueprint
from werkzeug.routing import BaseConverter, Map, Rule

from flask_realtime import Realtime
from flask_realtime.errors import InvalidSetting

LOGGER = "flask_realtime.messages.listed_calls"


class Rest(BaseConverter):
    """The end of a path, with all slashes that it has."""

    regex = r"(?:/.+)?"


def view(**values):
    return "answered"


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    for rule in [
        "/",
        "/rooms/",
        "/rooms/<int(min=1):room>/messages",
        "/v<version>/about",
        "/files/<path:name>/edit",
        '/kinds/<any("a/b","c"):kind>',
        "/posts/<slug>",
    ]:
        app.add_url_rule(rule, rule, view)
    app.add_url_rule("/tags", "tags", view, strict_slashes=False)
    return app


def warnings_of(app, caplog, *listed):
    """Return what the log says at the first two requests of an app that lists *listed*."""
    app.config["REALTIME_ALLOW_CALLS"] = listed
    Realtime(app)
    with caplog.at_level(logging.WARNING):
        statuses = [app.test_client().get("/").status_code for _ in range(2)]
    assert statuses == [200, 200]
    return [one.getMessage() for one in caplog.records if one.name == LOGGER]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("shop.list_room", r"'shop\.list_room'.*mean 'shop\.list_rooms'"),
        ("shop", r"realtime\.allow_calls\(blueprint\)"),
        ("qqq", "begins with '/'"),
    ],
)
def test_name_of_no_endpoint_is_an_error_with_the_nearest(app, name, hint):
    """A misspelt endpoint is an error at each request, which says what to write. Routes may be
    added behind Realtime(app), and so it is none before."""
    app.config.update(REALTIME_ALLOW_CALLS=[name], PROPAGATE_EXCEPTIONS=True)
    Realtime(app)
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/shop", "list_rooms", view)
    app.register_blueprint(shop)

    for _ in range(2):
        with pytest.raises(InvalidSetting, match=f"REALTIME_ALLOW_CALLS.*{hint}"):
            app.test_client().get("/")


def test_endpoint_that_no_route_leads_to_is_told_of_once(app, caplog):
    """The app has a view under a name, and the rule for it was forgotten."""
    app.endpoint("lonely")(view)

    (warning,) = warnings_of(app, caplog, "lonely", "tags")

    assert "'lonely'" in warning and "Add a route" in warning


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/rooms", "mean '/rooms/'?"),
        ("/room/*/messages", "mean '/rooms/*/messages'?"),
        ("/rooms/*/message", "mean '/rooms/*/messages'?"),
        ("/rooms/*/messages/", "mean '/rooms/*/messages'?"),
        ("/rooms/*/messages/**", "mean '/rooms/*/messages'?"),
        ("/tag", "mean '/tags'?"),
        ("/about", "left out"),
        ("/prefix/of/the/proxy/*", "left out"),
    ],
)
def test_path_of_no_route_is_told_of_once(app, caplog, path, hint):
    """A listed path opens nothing, since no route has such a path. Calls were refused as if it were
    not listed."""
    (warning,) = warnings_of(app, caplog, path)

    assert "REALTIME_ALLOW_CALLS" in warning and repr(path) in warning and hint in warning


def test_no_path_is_proposed_that_opens_more_than_its_route(caplog):
    """'/*' is alike to '/x/', and would open all paths of one part, whichever route answers."""
    app = flask.Flask(__name__)
    app.add_url_rule("/", "index", view)
    app.add_url_rule("/<slug>", "post", view)

    (warning,) = warnings_of(app, caplog, "/x/")

    assert "Did you mean" not in warning


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/**",
        "/*/",
        "/rooms/",
        "/rooms/**",
        "/rooms/7/messages",
        "/rooms/*/messages",
        "/*/*/*",
        "/v2/about",
        "/files/a/b/c/edit",
        "/files/**",
        "/kinds/*",
        "/posts/hello",
        "/tags",
        "/tags/",
        "/static/style.css",
    ],
)
def test_path_that_a_route_may_have_is_told_of_by_nobody(app, caplog, path):
    """Each of these paths opens something, or may do so for what a converter takes."""
    assert warnings_of(app, caplog, path) == []


def test_rule_that_may_answer_any_path_has_nothing_told(app, caplog):
    """A converter of the app's takes whatever comes behind some text, slashes too."""
    app.url_map.converters["rest"] = Rest
    app.add_url_rule("/docs<rest:page>", "docs", view)

    assert warnings_of(app, caplog, "/docs", "/docs/a/b") == []


@pytest.mark.parametrize("kind", ["map", "rule"])
def test_app_that_finds_its_routes_in_a_way_of_its_own_is_told_nothing(kind, caplog):
    """What the rules of such an app mean is not known."""

    class App(flask.Flask):
        url_map_class = type("OwnMap", (Map,), {}) if kind == "map" else Map
        url_rule_class = type("OwnRule", (Rule,), {}) if kind == "rule" else Rule

    app = App(__name__)
    app.add_url_rule("/", "index", view)

    assert warnings_of(app, caplog, "/somewhere") == []


@pytest.mark.parametrize("allow", [True, False, None])
def test_app_that_lists_nothing_is_told_nothing(app, caplog, allow):
    """Where the setting is no list there is nothing to look up."""
    app.config["REALTIME_ALLOW_CALLS"] = allow
    Realtime(app)

    app.test_client().get("/")

    assert not [one for one in caplog.records if one.name == LOGGER]
