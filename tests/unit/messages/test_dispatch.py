"""An app handles one message as it handles one HTTP request."""

from __future__ import annotations

import flask
import pytest
from flask import abort, g, request
from werkzeug.test import create_environ

from flask_realtime.messages.call_rules import CallRefused
from flask_realtime.messages.dispatch import (
    AFTER_RESPONSE,
    dispatch_handler,
    dispatch_hook,
    dispatch_route,
)


def environ(path="/"):
    return create_environ(path, "http://localhost")


def nothing():
    """A check that lets every message pass."""


def let_pass(open_session):
    """A check that lets every call pass."""
    open_session()


def test_route_is_dispatched_as_a_request(app):
    """A view runs with all hooks of the app around it."""
    app.after_request(lambda response: response.headers.add("X-After", "yes") or response)
    app.add_url_rule("/a", "a", lambda: "a")

    response = dispatch_route(app, environ("/a"), let_pass, False)

    assert (response.get_data(), response.headers["X-After"]) == (b"a", "yes")
    assert not flask.has_request_context()


def test_route_that_is_refused_runs_nothing_and_is_no_error_of_the_app(app):
    """A check runs in the request's context and refuses. Its exception reaches the caller, and the
    app's code does not run."""
    ran, asked = [], []
    app.before_request(lambda: ran.append("before_request"))
    app.register_error_handler(Exception, lambda error: ran.append("handler") or "handled")
    app.add_url_rule("/a", "a", lambda: ran.append("view") or "a")

    def check(_open_session):
        asked.append(request.endpoint)
        raise CallRefused("no")

    with pytest.raises(CallRefused):
        dispatch_route(app, environ("/a"), check, False)

    assert (asked, ran) == (["a"], [])
    assert not flask.has_request_context()


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, ZeroDivisionError])
def test_route_that_raises_is_answered(app, error):
    """Even an exception that would end a server's thread ends no socket."""

    def view():
        raise error

    app.add_url_rule("/a", "a", view)

    assert dispatch_route(app, environ("/a"), let_pass, False).status_code == 500


def test_handler_is_a_view_with_an_endpoint_of_its_own(app):
    """A handler's endpoint names the action, and the app knows a view by that endpoint."""
    seen = []
    app.before_request(lambda: seen.append(request.endpoint))

    def handler():
        seen.append(flask.current_app.view_functions[request.endpoint].__name__)
        return {"a": 1}

    response = dispatch_handler(app, environ(), "/", "shout.loud", handler, nothing)

    assert response.get_json() == {"a": 1}
    assert seen == ["realtime.message.shout.loud", "run_handler"]


def test_response_is_closed_though_its_changes_cannot_be_noted(app):
    """A session interface of the app's fails where the library notes what a message has changed.
    What was to follow the response, as the end of the session's other sockets follows a log-out,
    follows all the same."""
    followed = []
    app.add_url_rule("/a", "a", lambda: "a")

    @app.after_request
    def follow(response):
        response.call_on_close(lambda: followed.append(1))
        return response

    with pytest.raises(ZeroDivisionError):
        dispatch_route(app, {**environ("/a"), AFTER_RESPONSE: lambda _: 1 / 0}, let_pass, False)

    assert followed == [1]


def test_hook_runs_whatever_before_request_says(app):
    """An on_leave function undoes an on_join function, so before_request does not refuse it."""
    ran = []
    app.before_request(lambda: setattr(g, "asked", True) or abort(403))

    response = dispatch_hook(app, environ(), "/", lambda: ran.append((g.asked, request.endpoint)))

    assert (response.status_code, ran) == (204, [(True, "realtime.message")])
