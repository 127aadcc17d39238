"""To which view of an app the address of a large call leads."""

from __future__ import annotations

import pytest
from flask import Flask, current_app
from werkzeug.routing import BaseConverter

from flask_realtime.messages.call_views import CallViews


class Row(BaseConverter):
    """A part of a path that the app looks up, which needs its context."""

    def to_python(self, value):
        return current_app.config["ROWS"][value]


@pytest.fixture
def views():
    app = Flask(__name__)
    app.url_map.converters["row"] = Row
    rules = ["/slow/<name>", "/rows/<row:one>/edit", "/files/<path:name>", "/pages/<int(min=1):n>/"]
    for rule in rules:
        name = rule.split("/")[1]
        app.add_url_rule(rule, name, lambda **_: "", methods=["POST"])
    app.add_url_rule("/<slug>", "post", lambda slug: slug)
    return CallViews(app)


@pytest.mark.parametrize(
    ("address", "view"),
    [
        ("/slow/1", "slow"),
        ("/%73low/1", "slow"),
        ("http://localhost/slow/2?a=b#c", "slow"),
        ("/slow/made%20up", "slow"),
        ("/rows/7/edit", "rows"),
        ("/files/a/b/c", "files"),
        ("/pages/1", "pages"),
        ("/made-up", "post"),
    ],
)
def test_address_tells_its_view_however_it_is_written(views, address, view):
    """Large calls of one view are counted together, and no converter of the app's is run."""
    assert views.view_of(address, "") == view


def test_address_is_read_below_the_prefix_of_the_app(views):
    """The app is mounted below a path, which stands in each address."""
    assert views.view_of("/app/slow/1", "/app") == "slow"


@pytest.mark.parametrize("address", ["/made/up", "", "http://[", "/slow/1/2"])
def test_address_that_leads_to_no_view_tells_none(views, address):
    """Calls of nothing count together: they are answered without the app's views."""
    assert views.view_of(address, "") == ""
