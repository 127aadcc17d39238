"""The parts of the extension run at the beginning and the end of each request, around the app's own
functions."""

import flask
import pytest
from flask import Response, request
from werkzeug.test import EnvironBuilder

from flask_realtime import request_hooks as request_hooks_module
from flask_realtime.request_hooks import CAME_AT, RequestHooks, request_hooks


@pytest.fixture
def app():
    return flask.Flask(__name__)


@pytest.fixture
def told():
    return []


def part(told, name):
    """A function that makes a part which records its calls and their requests."""

    def noting(moment):
        def note(given, response=None):
            assert given is request._get_current_object()
            told.append(f"{name} {moment}")
            return response

        return note

    return {moment: noting(moment) for moment in ("begin", "returned", "end")}


def test_parts_stand_around_the_app(app, told):
    """The parts begin before any function of the app, and end after all of them."""

    def note(what):
        return lambda *_arguments: told.append(f"the app's {what}")

    def returned(response):
        told.append("the app's after_request")
        return response

    app.url_value_preprocessor(note("url_value_preprocessor"))
    app.after_request(returned)
    for name in ("inner", "outer"):
        request_hooks(app).add(**part(told, name))
    app.before_request(note("before_request"))
    app.after_request(returned)
    app.add_url_rule("/", "view", lambda: told.append("the view") or "")

    app.test_client().get("/")

    assert told == [
        "outer begin",
        "inner begin",
        "the app's url_value_preprocessor",
        "the app's before_request",
        "the view",
        "outer returned",
        "inner returned",
        "the app's after_request",
        "the app's after_request",
        "inner end",
        "outer end",
    ]


def test_request_that_leads_nowhere_is_a_request_too(app, told):
    """The parts run for a 404 too, since its handler may have cleared the session."""
    request_hooks(app).add(**part(told, "one"))

    assert app.test_client().get("/nowhere").status_code == 404
    assert told == ["one begin", "one returned", "one end"]


def test_part_may_answer_in_place_of_the_view(app):
    """A part replaces the response, for example if the registry did not accept a subscription."""
    app.add_url_rule("/", "view", lambda: "the view")
    request_hooks(app).add(end=lambda request, response: Response("another", 503))

    assert app.test_client().get("/").text == "another"


def test_flask_calls_one_hook_of_each_kind(app, told):
    """Flask calls one function of each kind for all parts together, and none of a kind that no part
    uses."""
    request_hooks(app).add(begin=lambda request: told.append("begin"))
    assert app.after_request_funcs == {}

    for name in ("one", "two", "three"):
        request_hooks(app).add(**part(told, name))

    assert len(app.url_value_preprocessors[None]) == len(app.after_request_funcs[None]) == 1
    assert not (app.before_request_funcs or app.teardown_request_funcs)


def test_hooks_of_an_app_are_its_own(app):
    """Parts of one app do not run for another app of the same extension."""
    other = flask.Flask("other")

    assert request_hooks(app) is request_hooks(app) is not request_hooks(other)


def test_functions_of_the_app_are_told_from_the_hooks(app):
    """Code that runs the app's own functions for an artificial request can leave out the
    extension's."""
    hooks = RequestHooks(app)
    (own,) = app.url_value_preprocessors[None]

    assert hooks.includes(own)
    assert not hooks.includes(RequestHooks(flask.Flask("other"))._begin)
    assert not hooks.includes(lambda endpoint, values: None)


def test_app_finds_nothing_that_another_app_has_noted(app, told):
    """A middleware asks two apps with one environ. The second one finds nothing that the first has
    noted of its page, or of its session, but when the request came."""
    other, noted = flask.Flask("other"), {CAME_AT: 5.0, "flask_realtime.client": "a page"}
    request_hooks(app).add(begin=lambda given: given.environ.update(noted))
    request_hooks(other).add(begin=lambda given: told.append(noted.keys() & given.environ.keys()))
    environ = EnvironBuilder("/").get_environ()

    for one in (app, other, other):
        list(one(environ, lambda *_answer: None))

    assert told == [{CAME_AT}, {CAME_AT}]


def test_request_finds_nothing_of_the_one_whose_place_in_memory_it_has_got(app, told, monkeypatch):
    """A middleware asks one app twice with one environ. The second request, made as the first is
    freed, may have its id(); it finds nothing that the first has noted."""
    monkeypatch.setattr(request_hooks_module, "id", lambda _request: 1, raising=False)

    def begin(given):
        told.append("flask_realtime.client" in given.environ)
        given.environ["flask_realtime.client"] = "a page"

    request_hooks(app).add(begin=begin, end=lambda _request, response: response)
    environ = EnvironBuilder("/").get_environ()

    for _ in range(2):
        list(app(environ, lambda *_answer: None))

    assert told == [False, False]
