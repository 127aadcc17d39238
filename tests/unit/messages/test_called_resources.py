"""Calls of classes that decorate their methods at each request, as those of Flask-RESTful and
Flask-RESTX do."""

from __future__ import annotations

import functools
from typing import ClassVar
from unittest.mock import MagicMock

import flask
import pytest
from flask.views import MethodView

from flask_realtime import Realtime

from ..conversations import Browser
from .test_call_rules import ANSWERED, GUARDED, call

realtime = Realtime()
allow_calls = realtime.allow_calls


class Resource(MethodView):
    """What the two libraries have in common."""

    method_decorators: ClassVar = []

    def dispatch_request(self):
        name, chosen = flask.request.method.lower(), self.method_decorators
        if isinstance(chosen, dict):
            chosen = chosen.get(name, [])
        view = getattr(self, name)
        for decorator in chosen:
            view = decorator(view)
        return view()


def resource(decorators):
    """Return a class whose base decorates its methods by *decorators*."""
    base = type("Base", (Resource,), {"method_decorators": decorators})
    return type("Item", (base,), {"get": lambda self: "got", "post": lambda self: "posted"})


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key, app.ran = "secret", []
    return app


@pytest.mark.parametrize(
    ("decorators", "got", "posted"),
    [
        ([functools.cache, allow_calls], ANSWERED, ANSWERED),
        ({"get": [allow_calls], "put": []}, ANSWERED, GUARDED),
        ({"post": (allow_calls,)}, GUARDED, ANSWERED),
        ([functools.cache], GUARDED, GUARDED),
        # Such an object has an attribute of any name.
        ([MagicMock(side_effect=lambda view: view)], GUARDED, GUARDED),
    ],
)
def test_decorators_of_methods_open_them(app, decorators, got, posted):
    """They do before the first request by HTTP, which decorates the method, and in classes that
    inherit them."""
    app.add_url_rule("/item", view_func=resource(decorators).as_view("item"))

    assert call(app, "/item") == got
    assert call(app, "/item", method="post") == posted


@pytest.mark.parametrize("decorators", [[allow_calls], {"get": [allow_calls]}])
def test_request_by_http_opens_no_other_class(app, decorators):
    """The class decorates a function then that another class, which is not open, inherits too."""
    base = type("Base", (Resource,), {"get": lambda self: "got"})
    opened = type("Opened", (base,), {"method_decorators": decorators})
    app.add_url_rule("/item", view_func=opened.as_view("item"))
    app.add_url_rule("/secret", view_func=base.as_view("secret"))

    browser = Browser(app, ALLOW_CALLS=None)

    assert browser.client.get("/item").text == "got"

    assert browser.open_socket().call("/secret")["status"] == 421
    assert browser.open_socket().call("/item")["status"] == 200


def test_decorators_that_only_an_object_knows_open_nothing(app):
    """A class may choose them by a property; it answers calls as the app says elsewhere."""
    chosen = property(lambda self: [allow_calls])
    app.add_url_rule("/item", view_func=resource(chosen).as_view("item"))

    assert call(app, "/item") == GUARDED
    assert call(app, "/item", allow=["item"]) == ANSWERED


def test_log_says_how_to_open_a_class(app, caplog):
    """The warning names the ways in which a class of views is opened as well."""
    app.add_url_rule("/item", view_func=resource([]).as_view("item"))

    call(app, "/item")

    assert "mark the view (its class, or the method of that)" in caplog.text


def test_view_that_wraps_itself_is_called_as_any_other(app):
    """A decorator that returns the function which it was given copies its attributes onto it, as
    functools.wraps does, and notes there that the function wraps itself. The check of a call does
    not follow that for ever."""

    def guarded():
        return ""

    app.add_url_rule("/secret", view_func=functools.wraps(guarded)(guarded))

    assert call(app, "/secret") == GUARDED
