"""To which view of an app a large call leads."""

from __future__ import annotations

import pytest
from flask import Flask, current_app
from werkzeug.routing import BaseConverter
from werkzeug.test import EnvironBuilder

from flask_realtime.config.settings import Config
from flask_realtime.messages.call_rules import CallRules
from flask_realtime.messages.environ import OutsideOfApp


class Row(BaseConverter):
    """A part of a path that the app looks up, which needs its context."""

    def to_python(self, value):
        return current_app.config["ROWS"][value]


class Like(BaseConverter):
    """A part of a path that is like the regular expression that a rule gives."""

    def __init__(self, url_map, regex):
        super().__init__(url_map)
        self.regex = regex


RULES = {
    "/slow/<name>": "slow",
    "/rows/<row:one>/edit": "rows",
    "/files/<path:name>": "files",
    "/pages/<int(min=1):n>/": "pages",
    '/likes/<like("[^<>]+"):one>': "likes",
    '/<like("[a-z]{2}"):language>/help': "help",
}


def app_of(rules, **options):
    app = Flask(__name__, **options)
    app.url_map.converters.update(row=Row, like=Like)
    for rule, name in rules.items():
        app.add_url_rule(rule, name, lambda **_: "", methods=["POST"])
    return app


def views_of(app):
    """Return what tells the views of an app that has opened all of them to calls."""
    return CallRules(app, Config.from_mapping({"REALTIME_ALLOW_CALLS": True}))


@pytest.fixture
def views():
    app = app_of(RULES)
    app.add_url_rule("/about", "about", lambda: "")
    app.add_url_rule("/<slug>", "post", lambda slug: slug, methods=["GET", "POST"])
    return views_of(app)


def handshake(base_url="http://localhost/"):
    return EnvironBuilder(base_url=base_url).get_environ()


@pytest.mark.parametrize(
    ("uri", "view"),
    [
        ("/slow/1", "slow"),
        ("/%73low/1", "slow"),
        ("/slow/2?a=b#c", "slow"),
        ("/slow/made%20up", "slow"),
        ("/rows/7/edit", "rows"),
        ("/files/a/b/c", "files"),
        ("/pages/1/", "pages"),
        ("/likes/a", "likes"),
        ("/en/help", "help"),
        ("/made-up", "post"),
        # A rule in front of it takes the path, but not the method.
        ("/about", "post"),
    ],
)
def test_uri_tells_its_view_however_it_is_written(views, uri, view):
    """Large calls of one view are counted together, and no converter of the app's is run."""
    assert views.view_of(handshake(), "POST", uri) == view


@pytest.mark.parametrize(
    "uri",
    ["/made/up", "", "http://localhost/slow/1", "//[", "/slow/1/2", "/e/help", 7, None, "/\0"],
)
def test_uri_that_leads_to_no_view_tells_none(views, uri):
    """Calls of nothing count together: they are answered without the app's views."""
    assert views.view_of(handshake(), "POST", uri) == ""


def test_uri_is_read_below_the_prefix_of_the_app(views):
    """The app is mounted below a path, which stands in each uri."""
    mounted = handshake("http://localhost/%C3%A4pp/")

    assert views.view_of(mounted, "POST", "/%C3%A4pp/slow/1") == "slow"
    with pytest.raises(OutsideOfApp):
        views.view_of(mounted, "POST", "/slow/1")


def test_view_is_that_of_the_socket_s_host():
    """An app has other views at each host. A call leads to those of the host that the page's socket
    was opened at."""
    app = app_of({}, host_matching=True, static_host="a.example")
    app.add_url_rule("/one", "one", lambda: "", host="a.example")
    app.add_url_rule("/<name>", "any", lambda name: name, host="b.example")
    views = views_of(app)

    found = [
        views.view_of(handshake(f"http://{host}/"), "GET", "/one")
        for host in ("a.example", "b.example")
    ]

    assert found == ["one", "any"]


def test_rule_that_cannot_be_read_again_leaves_the_other_views(caplog):
    """The app has a converter that can be made once only. Large calls of other views are told
    apart all the same."""

    class Once(BaseConverter):
        made = 0

        def __init__(self, url_map):
            super().__init__(url_map)
            Once.made += 1
            if Once.made > 1:
                raise RuntimeError("made twice")

    app = app_of({})
    app.url_map.converters["once"] = Once
    for rule, name in {"/once/<once:one>": "once", "/slow/<name>": "slow"}.items():
        app.add_url_rule(rule, name, lambda **_: "", methods=["POST"])

    assert views_of(app).view_of(handshake(), "POST", "/slow/1") == "slow"
    assert "/once/<once:one>" in caplog.text
