"""Which routes may be called over a socket."""

from __future__ import annotations

import flask
import pytest

from flask_realtime.messages.call_marks import open_to_calls

from ..conversations import Browser

GUARDED = (421, "call")
ANSWERED = (200, None)


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.ran = []
    app.before_request(lambda: app.ran.append("before_request"))
    return app


def view(**values):
    return "answered"


def call(app, uri, allow=None, environ=None, **options):
    """Return the status and refusal of a call; check that no code ran for a refused call."""
    app.ran.clear()
    reply = Browser(app, ALLOW_CALLS=allow).open_socket(**environ or {}).call(uri, **options)
    assert "refused" not in reply or not app.ran
    behind = call_behind_a_refused_one(app, uri, allow, environ, **options)
    assert (reply["status"], reply.get("refused"), reply["body"]) == behind
    return behind[:2]


def call_behind_a_refused_one(app, uri, allow, environ, **options):
    """Return the same of a call before which a call was refused: no request is made of it before it
    is judged."""
    ran = list(app.ran)
    socket = Browser(app, ALLOW_CALLS=allow).open_socket(**environ or {})
    socket.call("/" + "long" * 1_000)
    reply = socket.call(uri, **options)
    app.ran[:] = ran
    return reply["status"], reply.get("refused"), reply["body"]


def test_call_of_what_is_not_opened_is_refused_before_anything_runs(app):
    """A proxy guards a route by its path. The route cannot be called over the socket unless the app
    allows it."""
    app.add_url_rule("/metrics", "metrics", view)

    reply = Browser(app, ALLOW_CALLS=None).open_socket().call("/metrics")

    assert (reply["status"], reply["refused"], reply["headers"]) == (421, "call", {})
    assert "@realtime.allow_calls" in reply["body"] and "REALTIME_ALLOW_CALLS" in reply["body"]
    assert app.ran == []


@pytest.mark.parametrize("allow", [None, True, ["files"]])
@pytest.mark.parametrize("size", [5_000, 20_000])
def test_call_of_a_path_that_is_longer_than_servers_take_is_refused(app, allow, size):
    """Werkzeug may take half a minute to find out where a very long path leads."""
    app.add_url_rule("/<path:file>/of/<path:folder>/raw", "files", view)

    assert call(app, "/" + "a" * size, allow) == GUARDED
    assert call(app, f"/a/of/b/raw?{'a' * size}", ["files"]) == ANSWERED


@pytest.mark.parametrize("uri", ["/nowhere", "/static/x.css", "/"])
def test_call_of_what_is_not_there_is_refused_as_well(app, uri):
    """An unknown path is refused like a known one, so a refusal does not tell which routes
    exist."""
    assert call(app, uri) == GUARDED


def test_call_of_an_opened_view_is_answered(app):
    """@realtime.allow_calls opens a view for all of its endpoints, and for HEAD and OPTIONS."""
    opened = open_to_calls(lambda: "")
    app.add_url_rule("/a", "a", opened)
    app.add_url_rule("/b", "b", opened)
    app.add_url_rule("/other", "other", lambda: "other")

    assert call(app, "/a") == call(app, "/b") == ANSWERED
    assert call(app, "/a", method="head") == call(app, "/a", method="options") == ANSWERED
    assert app.ran == ["before_request"]
    assert call(app, "/other") == GUARDED


def test_call_of_a_method_that_an_opened_view_has_not_is_405(app):
    """An open view answers 405 to a method that it lacks; a view that is not open is refused as
    ever."""
    app.add_url_rule("/open", "open", open_to_calls(lambda: ""), methods=["GET"])
    app.add_url_rule("/both", "both", open_to_calls(lambda: ""), methods=["GET"])
    app.add_url_rule("/both", "secret", lambda: "", methods=["POST"])
    app.add_url_rule("/shut", "shut", lambda: "", methods=["GET"])

    assert call(app, "/open", method="post") == (405, None)
    assert call(app, "/both", method="post") == GUARDED
    assert call(app, "/both", method="put") == GUARDED
    assert call(app, "/shut", method="post") == GUARDED


def test_call_that_the_app_redirects_is_judged_by_where_it_leads(app):
    """A call of a path without its last slash is redirected only if the view it leads to is
    open."""
    app.add_url_rule("/open/", "open", open_to_calls(lambda: ""))
    app.add_url_rule("/shut/", "shut", lambda: "")
    app.add_url_rule("/moved", "moved", redirect_to="/open/")
    app.add_url_rule("/away", "away", redirect_to="https://other.example/open/")

    assert call(app, "/open") == (308, None)
    assert call(app, "/moved") == (308, None)
    assert call(app, "/shut") == call(app, "/away") == GUARDED
    assert call(app, "/app/open", environ={"SCRIPT_NAME": "/app"}) == (308, None)
    assert call(app, "/app/shut", environ={"SCRIPT_NAME": "/app"}) == GUARDED


@pytest.mark.parametrize("mode", ["DEBUG", "TESTING"])
def test_call_of_anything_is_answered_in_debug_mode_and_tests(app, mode):
    """In debug mode and in tests all views are open, unless the setting is a list or False."""
    app.config[mode] = True
    app.add_url_rule("/a", "a", lambda: "")

    assert call(app, "/a") == ANSWERED
    assert call(app, "/nowhere") == (404, None)
    assert call(app, "/a", allow=[]) == call(app, "/a", allow=False) == GUARDED


def test_setting_opens_everything_or_nothing(app):
    """True opens every route, and False closes even marked views."""
    app.add_url_rule("/a", "a", open_to_calls(lambda: ""))
    app.add_url_rule("/b", "b", lambda: "")

    assert call(app, "/b", allow=True) == ANSWERED
    assert call(app, "/nowhere", allow=True) == (404, None)
    assert call(app, "/a", allow=False) == call(app, "/b", allow=False) == GUARDED


def test_setting_lists_endpoints(app):
    """A listed endpoint is open on each of its paths; marked views stay open beside the list."""
    app.add_url_rule("/a", "a", view_func=lambda **values: "")
    app.add_url_rule("/a/<int:n>", "a")
    app.add_url_rule("/b", "b", lambda: "")
    app.add_url_rule("/c", "c", open_to_calls(lambda: ""))

    assert call(app, "/a", ["a"]) == call(app, "/a/7", ["a"]) == call(app, "/c", ["a"]) == ANSWERED
    assert call(app, "/b", ["a"]) == GUARDED
    assert call(app, "/a/seven", ["a"]) == GUARDED


def test_path_is_that_of_the_app_on_each_host(app):
    """In an app with several hosts, the route of the request's host counts."""
    app = flask.Flask("hosts", host_matching=True, static_host="static.example")
    app.secret_key, app.ran = "secret", []
    app.add_url_rule("/a", "open", open_to_calls(lambda: ""), host="localhost")
    app.add_url_rule("/a", "shut", lambda: "", host="other.example")

    assert call(app, "/a") == ANSWERED
    assert call(app, "/a", environ={"HTTP_HOST": "other.example"}) == GUARDED
