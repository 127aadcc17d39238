"""The steps of a request, on whichever version of Flask is installed."""

from __future__ import annotations

import warnings

import flask
from flask import abort, current_app, request, session
from werkzeug.test import create_environ

from flask_realtime.messages.request_cycle import RequestCycle


class OldStyleFlask(flask.Flask):
    """A user's subclass of Flask, written for versions up to 3.1."""

    ignored: type[BaseException] = KeyError

    def should_ignore_error(self, error):
        return isinstance(error, self.ignored)


def begin(app, path="/"):
    cycle = RequestCycle(app, create_environ(path, "http://localhost"))
    return cycle, cycle.push()


def test_cycle_dispatches_to_the_route_behind_before_request_functions(app):
    """before_request functions run, and then the view."""
    app.add_url_rule("/name", "name", lambda: [current_app.name, request.path, seen.pop()])
    seen = []
    app.before_request(lambda: seen.append("asked"))

    cycle, _ = begin(app, "/name")
    response = cycle.dispatch()
    cycle.pop(None)

    assert response.get_json() == [app.name, "/name", "asked"]
    assert not flask.has_request_context() and not flask.has_app_context()


def test_cycle_can_look_for_no_route(app):
    """A request whose view is known needs no route, and can link to other routes all the same."""
    app.add_url_rule("/name", "name", lambda: "")
    cycle = RequestCycle(app, create_environ("/name", "http://localhost"))

    cycle.push(finds_route=False)
    rule, link = request.url_rule, flask.url_for("name", _external=True)
    cycle.pop(None)

    assert rule is None
    assert link == "http://localhost/name"


def test_cycle_can_go_without_a_view(app):
    """before_request and after_request functions run around a function of the library."""
    app.before_request(lambda: abort(403) if "bad" in request.path else None)
    app.after_request(lambda response: response.headers.add("X-After", "yes") or response)

    cycle, _ = begin(app)
    answer = cycle.preprocess()
    response = cycle.finalize(("", 204))
    cycle.pop(None)

    assert answer is None
    assert (response.status_code, response.headers["X-After"]) == (204, "yes")


def test_cycle_handles_what_no_error_handler_has_taken(app):
    """An error of a view becomes the app's 500."""
    app.add_url_rule("/bad", "bad", lambda: 1 / 0)
    app.errorhandler(500)(lambda error: ("sorry", 500))

    cycle, _ = begin(app, "/bad")
    response = cycle.handle(ZeroDivisionError())
    cycle.pop(None)

    assert (response.status_code, response.get_data(as_text=True)) == (500, "sorry")


def test_cycle_has_the_session_without_using_it(app):
    """Opening the session does not add Vary: Cookie to the response."""
    app.add_url_rule("/", "index", lambda: "hi")

    cycle, opened = begin(app)
    is_used, response = opened.accessed, cycle.dispatch()
    cycle.pop(None)

    assert not is_used
    assert "Vary" not in response.headers


def test_cycle_has_the_session_of_the_request(app):
    """push() returns the session that a view knows as flask.session."""
    app.add_url_rule("/", "index", lambda: session["user"])

    cycle, opened = begin(app)
    opened["user"] = "ann"
    response = cycle.dispatch()
    cycle.pop(None)

    assert response.get_data(as_text=True) == "ann"


def test_cycle_tells_teardown_functions_of_the_error(app):
    """Teardown functions receive the error, so that a database session is rolled back."""
    told = []
    app.teardown_request(told.append)
    error = ValueError()

    for one in (error, None):
        cycle, _ = begin(app)
        cycle.pop(one)

    assert told == [error, None]


def test_cycle_heeds_an_app_that_ignores_errors():
    """An app's should_ignore_error, deprecated in Flask 3.2, is still called."""
    app = OldStyleFlask(__name__)
    told = []
    app.teardown_request(told.append)
    error = ValueError()

    for one in (KeyError(), error):
        cycle, _ = begin(app)
        cycle.pop(one)

    assert told == [None, error]


def test_cycle_runs_an_app_whose_class_was_written_for_an_older_flask(monkeypatch):
    """An overridden method that does not take Flask 3.2's context argument is called without it."""
    # Flask 3.2 changes its own class when such a subclass is made.
    monkeypatch.setattr(flask.Flask, "preprocess_request", flask.Flask.preprocess_request)
    with warnings.catch_warnings():
        # Flask 3.2 warns the app's author.
        warnings.simplefilter("ignore", DeprecationWarning)

        class Counting(flask.Flask):
            count = 0

            def preprocess_request(self):
                self.count += 1
                return super().preprocess_request()

    app = Counting(__name__)
    app.add_url_rule("/", "index", lambda: "hi")

    cycle, _ = begin(app)
    response = cycle.dispatch()
    cycle.pop(None)

    assert (response.get_data(as_text=True), app.count) == ("hi", 1)
