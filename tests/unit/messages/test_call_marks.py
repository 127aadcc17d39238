"""What ``realtime.allow_calls`` opens: views, their classes and methods, and blueprints."""

from __future__ import annotations

import functools

import flask
import pytest
from flask import Blueprint
from flask.views import MethodView

from flask_realtime.messages.call_marks import open_to_calls

from .test_call_rules import ANSWERED, GUARDED, call


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.ran = []
    app.before_request(lambda: app.ran.append("before_request"))
    return app


@pytest.mark.parametrize("is_above", [True, False])
def test_call_of_a_view_that_is_opened_above_or_below_another_decorator(app, is_above):
    """The order of @realtime.allow_calls and another decorator does not matter."""

    def guarded(function):
        @functools.wraps(function)
        def check(**values):
            return function(**values)

        return check

    def show():
        return "shown"

    shown = open_to_calls(guarded(show)) if is_above else guarded(open_to_calls(show))
    app.add_url_rule("/show", "show", shown)

    assert call(app, "/show") == ANSWERED


def test_call_of_an_opened_blueprint_is_answered(app):
    """An open blueprint opens its own views under any name, and not those of nested blueprints."""
    api, admin = Blueprint("api", "api"), Blueprint("admin", "admin")
    api.add_url_rule("/x", "x", lambda: "")
    admin.add_url_rule("/y", "y", lambda: "")
    api.register_blueprint(admin, url_prefix="/admin")
    assert open_to_calls(api) is api
    app.register_blueprint(api, url_prefix="/api")
    app.register_blueprint(api, url_prefix="/v2", name="v2")
    app.add_url_rule("/x", "api_x", lambda: "")

    assert call(app, "/api/x") == call(app, "/v2/x") == ANSWERED
    assert call(app, "/api/admin/y") == call(app, "/x") == GUARDED


class Base(MethodView):
    def get(self):
        return "got"

    def post(self):
        return "posted"


@open_to_calls
class Opened(Base):
    pass


class Inherits(Opened):
    pass


class Decorated(Base):
    decorators = (open_to_calls,)


class OneMethod(Base):
    @open_to_calls
    def get(self):
        return "got"


@pytest.mark.parametrize(
    ("view_class", "got", "posted"),
    [
        (Base, GUARDED, GUARDED),
        (Opened, ANSWERED, ANSWERED),
        (Inherits, GUARDED, GUARDED),
        (Decorated, ANSWERED, ANSWERED),
        (OneMethod, ANSWERED, GUARDED),
    ],
)
def test_call_of_a_class_of_views(app, view_class, got, posted):
    """An open class opens itself and not its subclasses; an open method opens only itself."""
    app.add_url_rule("/item", view_func=view_class.as_view("item"))

    assert call(app, "/item") == call(app, "/item", method="head") == got
    assert call(app, "/item", method="post") == posted


class Shop:
    @open_to_calls
    def marked(self):
        return ""

    def bound(self):
        return ""


def test_call_of_a_method_of_an_object(app):
    """A bound method as a view may be opened in its class, or where it is registered."""
    shop = Shop()
    app.add_url_rule("/marked", "marked", shop.marked)
    app.add_url_rule("/bound", "bound", open_to_calls(shop.bound))

    assert call(app, "/marked") == call(app, "/bound") == ANSWERED


@pytest.mark.parametrize("values", [{}, {"__slots__": ()}])
def test_method_of_one_object_opens_no_method_of_another(app, values):
    """Both have the same function, from their class or from a base of it."""
    shop_class = type("OwnShop", (), {**values, "bound": lambda self: ""})
    shop, others = shop_class(), [shop_class(), type("Admin", (shop_class,), values)()]
    app.add_url_rule("/open", "open", open_to_calls(open_to_calls(shop.bound)))
    app.add_url_rule("/wrapped", "wrapped", functools.wraps(shop.bound)(lambda: ""))
    for name, other in zip(("other", "admin"), others, strict=True):
        app.add_url_rule(f"/{name}", name, other.bound)

    assert call(app, "/open") == call(app, "/wrapped") == ANSWERED
    assert call(app, "/other") == call(app, "/admin") == GUARDED


@pytest.mark.parametrize("target", ["shop", None, 7, flask.Flask("whole"), ["a"]])
def test_what_can_not_be_opened_is_an_error(target):
    """allow_calls on an app, or on something that is not a view, is an error that says what to
    do."""
    with pytest.raises(TypeError, match="REALTIME_ALLOW_CALLS"):
        open_to_calls(target)


def test_class_that_makes_no_view_is_an_error():
    """Flask-Admin, Flask-Classful and Flask-OpenAPI3 make a view of each method of a class, and a
    mark of the class would open none; the error says where the mark goes."""
    with pytest.raises(TypeError, match=r"'Orders'.*above those methods"):
        open_to_calls(type("Orders", (), {"index": lambda self: ""}))
