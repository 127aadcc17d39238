"""Calls in an app that finds its routes in a way of its own: which are refused, and which not.

A call behind a refused one is judged before a request is made of it. So is a large one.
"""

from __future__ import annotations

import flask
import pytest
from flask.sessions import SecureCookieSession
from werkzeug.routing import BaseConverter, Map, MapAdapter, Rule

from flask_realtime.flask_contexts import SESSION
from flask_realtime.messages.call_marks import open_to_calls

from ..conversations import Browser

REFUSED, ANSWERED = 421, 200


class Adapter(MapAdapter):
    """Takes a path in upper case for the same in lower case."""

    def match(self, *args, **kwargs):
        self.path_info = self.path_info.lower()
        return super().match(*args, **kwargs)


class Context(vars(flask.ctx).get("RequestContext", flask.ctx.AppContext)):
    """As above, by the method that Flask has for it."""

    def match_request(self):
        self.url_adapter.path_info = self.url_adapter.path_info.lower()
        super().match_request()


class ByAdapter(flask.Flask):
    """An app with such adapters."""

    def create_url_adapter(self, request):
        adapter = super().create_url_adapter(request)
        if adapter is not None:
            adapter.__class__ = Adapter
        return adapter


class ByContext(flask.Flask):
    """An app with such contexts of requests."""

    def request_context(self, environ):
        context = super().request_context(environ)
        context.__class__ = Context
        return context


def test_call_behind_a_refused_one_is_judged_by_the_routes_of_its_host():
    """The app has a map of its own for each customer's host, and a class of requests that takes the
    environ alone, as Flask gives it."""

    class Asked(flask.Request):
        def __init__(self, environ):
            super().__init__(environ)

    class Shop(flask.Flask):
        request_class = Asked
        customers = Map([Rule("/hats", endpoint="hats"), Rule("/shut", endpoint="shut")])

        def create_url_adapter(self, request):
            if request is None:
                return super().create_url_adapter(None)
            return self.customers.bind_to_environ(request.environ)

    app = Shop(__name__)
    app.secret_key = "secret"
    app.view_functions.update(hats=open_to_calls(lambda: ""), shut=lambda: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    statuses = [socket.call(uri)["status"] for uri in ("/hats", "/shut", "/hats", "/shut")]

    assert statuses == [ANSWERED, REFUSED, ANSWERED, REFUSED]


def test_call_behind_a_refused_one_is_judged_by_the_routes_of_its_path():
    """The app has a map of its own for each version of its API. Below a language it takes the rest
    of the path for its own."""

    class Versions(flask.Flask):
        second = Map([Rule("/v2/hats", endpoint="hats"), Rule("/v2/shut", endpoint="shut")])

        def create_url_adapter(self, request):
            if request is not None and request.path.startswith("/v2/"):
                return self.second.bind_to_environ(request.environ)
            adapter = super().create_url_adapter(request)
            if adapter is not None:
                adapter.path_info = adapter.path_info.removeprefix("/de")
            return adapter

    app = Versions(__name__)
    app.secret_key = "secret"
    app.add_url_rule("/hats", "hats", open_to_calls(lambda: ""))
    app.add_url_rule("/shut", "shut", lambda: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    statuses = [
        (socket.call(f"{place}/shut")["status"], socket.call(f"{place}/hats")["status"])
        for place in ("", "/v2", "/de")
    ]

    assert statuses == [(REFUSED, ANSWERED)] * 3


@pytest.mark.parametrize("kind", [ByAdapter, ByContext])
def test_call_behind_a_refused_one_is_judged_as_the_app_finds_its_routes(kind):
    """The app finds them in a way of its own, by an adapter or by the context of a request."""
    app = kind(__name__)
    app.secret_key = "secret"
    app.add_url_rule("/hats", "hats", open_to_calls(lambda: ""))
    app.add_url_rule("/shut", "shut", lambda: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    statuses = [socket.call(uri)["status"] for uri in ("/SHUT", "/HATS", "/hats", "/shut")]

    assert statuses == [REFUSED, ANSWERED, ANSWERED, REFUSED]


def test_call_is_refused_though_the_handshake_names_no_host():
    """The app believes what a client says of the host, as Werkzeug does before 3.1.7. The address
    that a path without its slash would be redirected to is none then."""

    class Trusting(flask.Flask):
        def create_url_adapter(self, request):
            if request is None:
                return super().create_url_adapter(None)
            return self.url_map.bind(request.headers["Host"], path_info=request.path)

    app = Trusting(__name__)
    app.secret_key = "secret"
    app.add_url_rule("/shut/", "shut", lambda: "")
    asked = []
    app.register_error_handler(Exception, asked.append)
    socket = Browser(app, ALLOW_CALLS=None).open_socket(HTTP_HOST="[")

    statuses = [socket.call(uri)["status"] for uri in ("/shut", "/shut")]

    assert statuses == [REFUSED, REFUSED]
    assert asked == []


class Looking(BaseConverter):
    """A converter that looks at the session."""

    def to_python(self, value):
        return flask.session["socket_key"]


def app_with(way, look):
    """Return an app that calls *look* while it finds the route of a path in this way."""

    class LookingAdapter(MapAdapter):
        def match(self, *args, **kwargs):
            look()
            return super().match(*args, **kwargs)

    class LookingContext(Context.__mro__[1]):
        def match_request(self):
            look()
            super().match_request()

    class App(flask.Flask):
        def create_url_adapter(self, request):
            adapter = super().create_url_adapter(request)
            if way == "adapter" and adapter is not None:
                adapter.__class__ = LookingAdapter
            return adapter

        def request_context(self, environ):
            context = super().request_context(environ)
            if way == "context":
                context.__class__ = LookingContext
            return context

    app = App(__name__)
    app.secret_key = "secret"
    app.url_map.converters["looking"] = Looking if way == "converter" else BaseConverter
    app.add_url_rule("/<looking:found>", "show", open_to_calls(lambda found: found))
    if way == "redirect":
        app.add_url_rule("/found", redirect_to=lambda adapter: f"/{look()}", endpoint="redirect")
    return app


@pytest.mark.parametrize("way", ["converter", "adapter", "context", "redirect"])
def test_code_that_finds_the_route_of_a_call_sees_the_session(way):
    """As by HTTP, the session is open by then. It could be opened later where no code sees it."""
    seen = []

    def look():
        seen.append(flask.session.get("socket_key"))
        return seen[-1]

    socket = Browser(app_with(way, look), ALLOW_CALLS=None).open_socket()

    reply = socket.call("/found")

    key = "the-socket-key"
    if way == "redirect":
        assert reply["headers"]["Location"].endswith(f"/{key}")
    elif way == "converter":
        assert reply["body"] == key
    else:
        assert (reply["body"], seen[-1]) == ("found", key)


def test_call_has_the_session_that_the_app_has_given_its_request():
    """An app opens sessions where it makes the context of a request. Flask opens none in its
    place, and no code but the view reads it."""

    class App(flask.Flask):
        def request_context(self, environ):
            context = super().request_context(environ)
            stored = {"socket_key": "the-socket-key", "opened_by": "the app"}
            setattr(context, SESSION, SecureCookieSession(stored))
            return context

    app = App(__name__)
    app.secret_key = "secret"
    app.add_url_rule("/open", "open", open_to_calls(lambda: flask.session["opened_by"]))
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    reply = socket.call("/open")

    assert (reply["status"], reply["body"]) == (ANSWERED, "the app")
