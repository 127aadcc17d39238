"""What a refused call leaves behind, and what further calls of its socket cost."""

from __future__ import annotations

import logging

import flask
import pytest
from flask.sessions import SecureCookieSessionInterface
from werkzeug.routing import BaseConverter, IntegerConverter, Rule

from flask_realtime.messages import dispatch
from flask_realtime.messages.call_marks import open_to_calls

from ..conversations import Browser

REFUSED, ANSWERED = 421, 200


class Store(SecureCookieSessionInterface):
    """Sessions in a store that is asked for each request."""

    def __init__(self):
        self.asked = 0

    def open_session(self, app, request):
        self.asked += 1
        return super().open_session(app, request)


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.session_interface = Store()
    return app


def test_no_request_is_made_of_calls_behind_a_refused_one(app):
    """To make a request of a call takes longest. Strangers who send one call after another that is
    refused must not take a core by that. None of them asks the store of sessions."""
    app.add_url_rule("/shut", "shut", lambda: "", methods=["GET"])
    app.add_url_rule("/slash/", "slash", lambda: "")
    app.add_url_rule("/open", "open", open_to_calls(lambda: ""))
    socket = Browser(app, ALLOW_CALLS=None).open_socket()
    asked, made = [], []
    app.teardown_request(made.append)

    def call(uri, method="get"):
        status = socket.call(uri, method=method)["status"]
        asked.append((app.session_interface.asked, len(made)))
        return status

    assert call("/open") == ANSWERED
    assert call("/shut") == call("/shut") == call("/shut", "post") == REFUSED
    assert call("/slash") == call("/made-up") == REFUSED
    stored = asked[0][0]
    assert asked == [(stored, 1), *[(stored, 2)] * 5]
    assert call("/open") == call("/open") == ANSWERED
    assert call("/shut") == REFUSED
    assert asked[-1] == (stored + 2, 5)


def test_call_that_a_function_of_the_app_redirects_is_judged_by_where_it_leads(app):
    """The function runs in a request alone, behind a refused call as well."""
    app.add_url_rule("/open", "open", open_to_calls(lambda: ""))
    app.add_url_rule("/shut", "shut", lambda: "")
    asked = []

    def lead(adapter, name):
        asked.append((name, flask.has_request_context()))
        return f"/{name}"

    app.add_url_rule("/to/<name>", "to", redirect_to=lead)
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    assert socket.call("/shut")["status"] == REFUSED
    assert socket.call("/to/shut")["status"] == REFUSED
    assert socket.call("/to/open")["status"] == 308
    assert asked[-1] == ("open", True) and all(is_in_request for _, is_in_request in asked)


def test_call_behind_a_refused_one_leads_where_the_app_says(app):
    """A path fits two rules, and the app takes the one that was added first. A page has an address
    of its own, to which the app redirects. A route is added while the app serves. A converter of
    the app's own gives a pattern, and runs no code."""

    class Letters(BaseConverter):
        regex = "[a-z]+"

    app.url_map.converters["letters"] = Letters
    app.add_url_rule("/", "page", lambda: "")
    app.add_url_rule("/<any(de, en):language>", "start", open_to_calls(lambda language: ""))
    app.add_url_rule("/<slug>", "page")
    app.add_url_rule("/news/", "news", lambda number: "", defaults={"number": 1})
    app.add_url_rule("/news/<int:number>", "news")
    socket = Browser(app, ALLOW_CALLS=["/news/"]).open_socket()

    def call_behind_a_refused_one(uri):
        assert socket.call("/")["status"] == REFUSED
        return socket.call(uri)["status"]

    assert socket.call("/de")["status"] == call_behind_a_refused_one("/de") == ANSWERED
    assert socket.call("/news/1")["status"] == call_behind_a_refused_one("/news/1") == 308
    app.url_map.add(Rule("/late", endpoint="start", defaults={"language": "de"}))
    assert call_behind_a_refused_one("/late") == ANSWERED


@pytest.mark.parametrize("name", ["to_python", "num_convert"])
@pytest.mark.parametrize("owner", ["class", "instance"])
def test_refused_call_runs_no_function_that_makes_something_of_paths(app, name, owner):
    """The app has a converter of numbers with a function in place of Werkzeug's, which may fail: in
    its class, or given to it as it is made."""
    asked = []

    def look_up(value):
        asked.append(value)
        raise LookupError(value)

    class Row(IntegerConverter):
        def __init__(self, *args):
            super().__init__(*args)
            if owner == "instance":
                setattr(self, name, look_up)

    if owner == "class":
        setattr(Row, name, staticmethod(look_up))
    app.url_map.converters["row"] = Row
    app.add_url_rule("/rows/<row:one>", "row", lambda one: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    statuses = [socket.call(uri)["status"] for uri in ("/rows/7", "/rows/7")]

    assert statuses == [REFUSED, REFUSED]
    assert asked == []


def test_call_by_another_method_is_refused_though_a_converter_fails(app):
    """The view takes GET alone, so that by HTTP the app answers 405, and no converter runs."""

    class Row(BaseConverter):
        def to_python(self, value):
            raise LookupError(value)

    app.url_map.converters["row"] = Row
    app.add_url_rule("/rows/<row:one>", "row", open_to_calls(lambda one: ""))
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    assert socket.call("/rows/7", method="delete")["status"] == REFUSED


def test_call_outside_of_a_mounted_app_is_404_behind_a_refused_one(app):
    """The client learns that the app has no such path, whatever the socket called before."""
    app.add_url_rule("/shut", "shut", lambda: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket(SCRIPT_NAME="/app")

    statuses = [socket.call(uri)["status"] for uri in ("/shut", "/app/shut", "/shut")]

    assert statuses == [404, REFUSED, 404]


def test_mistake_in_a_call_is_told_behind_a_refused_one(app):
    """A developer who names an option that calls do not have learns of it, whatever the socket
    called before."""
    app.add_url_rule("/shut", "shut", lambda: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket()
    socket.call("/shut")

    assert socket.call("/shut", params={})["status"] == 400
    assert socket.call("/shut", method="fetch")["status"] == 400


def test_refusal_is_logged_once_a_view(app, caplog):
    """A refused view is logged once, with what to write, however often a client calls it."""
    app.add_url_rule("/a", "shop.a", lambda: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket()

    for path in ["/a", "/a", "/x", "/y"]:
        socket.call(path)

    messages = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert len(messages) == 2
    assert "'shop.a'" in messages[0] and "@realtime.allow_calls" in messages[0]


def test_refused_call_tears_its_request_down(app):
    """The request of a refused call is closed again."""
    torn = []
    app.add_url_rule("/a", "a", lambda: "")
    socket = Browser(app, ALLOW_CALLS=None).open_socket()
    app.teardown_appcontext(torn.append)

    assert socket.call("/a")["status"] == 421
    assert torn[-1] is None
    assert not flask.has_app_context()


def test_refused_call_takes_no_connection_that_a_failing_function_would_keep(app):
    """The store of sessions takes a connection, and a teardown function gives it back. Another one,
    which counts on what a before_request function does, fails first."""
    pool = ["connection"]

    class Pooled(Store):
        def open_session(self, app, request):
            flask.g.connection = pool.pop()
            return super().open_session(app, request)

    app.add_url_rule("/shut", "shut", lambda: "")
    app.add_url_rule("/open", "open", open_to_calls(lambda: flask.session.get("socket_key")))
    socket = Browser(app, ALLOW_CALLS=None).open_socket()
    app.session_interface = Pooled()
    app.before_request(lambda: setattr(flask.g, "taken", ["a row"]))

    @app.teardown_appcontext
    def give_back(error):
        if "connection" in flask.g:
            pool.append(flask.g.connection)

    app.teardown_appcontext(lambda error: flask.g.taken.pop())

    replies = [socket.call(uri) for uri in ("/shut", "/open", "/shut", "/open")]

    assert [reply["status"] for reply in replies] == [REFUSED, ANSWERED] * 2
    assert replies[1]["body"] == "the-socket-key"


def test_call_is_refused_though_a_teardown_function_fails(app, caplog):
    """A teardown function gives back what a before_request function took. For a call that is
    refused nothing was taken, so that it fails. The page is still told to ask by HTTP."""
    app.add_url_rule("/shut", "shut", lambda: "")
    app.add_url_rule("/open", "open", open_to_calls(lambda: ""))
    socket = Browser(app, ALLOW_CALLS=None).open_socket()
    app.before_request(lambda: setattr(flask.g, "taken", ["connection"]))
    app.teardown_request(lambda error: flask.g.taken.pop())
    dispatch.warnings.forget()

    replies = [socket.call(uri) for uri in ("/shut", "/shut", "/open")]

    assert [reply["status"] for reply in replies] == [REFUSED, REFUSED, ANSWERED]
    assert not flask.has_app_context()
    assert "A teardown function failed: " in caplog.text
    # Flask names it within a group from 3.2 on.
    assert "AttributeError('taken')" in caplog.text
    assert "Traceback" not in caplog.text


def test_teardown_function_behind_a_refused_call_finds_the_session(app):
    """It notes who asked, as behind any request by HTTP. The store is asked for it once, and not at
    all where no such function looks."""
    seen = []
    app.add_url_rule("/shut", "shut", lambda: "")
    app.add_url_rule("/open", "open", open_to_calls(lambda: ""))
    socket = Browser(app, ALLOW_CALLS=None).open_socket()
    before = app.session_interface.asked

    @app.teardown_request
    def note(error):
        if flask.request.path == "/shut":
            seen.append((flask.session.get("socket_key"), "socket_key" in flask.session))

    assert socket.call("/shut")["status"] == REFUSED
    assert seen == [("the-socket-key", True)]
    assert app.session_interface.asked == before + 1
